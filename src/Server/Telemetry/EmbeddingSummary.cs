namespace Llama.Server.Telemetry;

/// <summary>What the log says about a request for embeddings: counts, never text.</summary>
/// <param name="Model">The served model.</param>
/// <param name="InputCount">Number of texts.</param>
/// <param name="TokenCount">Tokens of all of them.</param>
internal sealed record EmbeddingSummary(string Model, int InputCount, int TokenCount);
