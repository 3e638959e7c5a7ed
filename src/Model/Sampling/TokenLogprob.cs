namespace Llama.Model.Sampling;

/// <summary>A token and the natural logarithm of its probability under the model, before temperature, penalties and truncation.</summary>
public readonly record struct TokenLogprob(int TokenId, float Logprob);
