namespace Llama.Model.Sampling;

/// <summary>A value added to one token's logit.</summary>
public readonly record struct TokenBias(int TokenId, float Bias);
