using System.Text.Json.Serialization;

namespace Llama.Scheduling.Tracing;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TraceEvent))]
[JsonSerializable(typeof(TraceStart))]
internal sealed partial class TraceJson : JsonSerializerContext;
