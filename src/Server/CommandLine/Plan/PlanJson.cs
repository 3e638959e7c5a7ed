using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Model.Planning;

namespace Llama.Server.CommandLine.Plan;

/// <summary>The plan for scripts: one JSON object on one line, whose keys do not change their meaning. Sizes are bytes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelPlan))]
internal sealed partial class PlanJson : JsonSerializerContext
{
    public static PlanJson Line { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
