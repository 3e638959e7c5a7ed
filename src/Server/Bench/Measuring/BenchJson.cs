using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Server.Bench.Compare;
using Llama.Server.Bench.Load;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Replay;

namespace Llama.Server.Bench.Measuring;

/// <summary>The last line of each verb: one JSON object, whose keys do not change their meaning. What was not measured is null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified)]
[JsonSerializable(typeof(LatencyReport))]
[JsonSerializable(typeof(CompareReport))]
[JsonSerializable(typeof(ModeWork))]
[JsonSerializable(typeof(ModeMeasurement))]
[JsonSerializable(typeof(ThroughputReport))]
[JsonSerializable(typeof(ServeReport))]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class BenchJson : JsonSerializerContext
{
    public static BenchJson Line { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
