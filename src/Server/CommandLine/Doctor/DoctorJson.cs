using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Model.Diagnosis;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>The report for scripts: one JSON object on one line, whose keys do not change their meaning.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext
{
    public static DoctorJson Line { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<FindingLevel>(JsonNamingPolicy.SnakeCaseLower) },
    });
}
