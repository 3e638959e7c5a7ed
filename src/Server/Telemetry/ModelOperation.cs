namespace Llama.Server.Telemetry;

/// <summary>Marks a route that has the model work, so that its requests are measured and traced.</summary>
/// <param name="Name">By OpenTelemetry's conventions (<c>gen_ai.operation.name</c>): <c>chat</c>, <c>text_completion</c>, <c>embeddings</c>.</param>
internal sealed record ModelOperation(string Name);
