namespace Llama.Model.Sampling;

/// <summary>Logits that no token can be drawn from. The message says why.</summary>
public sealed class SamplingException(string message) : Exception(message);
