using System.Text.Json.Serialization;

namespace Llama.Scheduling.Tracing;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TraceEvent))]
internal sealed partial class TraceJson : JsonSerializerContext;
