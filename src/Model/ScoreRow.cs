namespace Llama.Model;

/// <summary>One known token whose log-probability is wanted.</summary>
/// <param name="TokenRow">The token row before it, whose logits tell.</param>
/// <param name="TokenId">The token.</param>
/// <param name="TopCount">Number of most probable alternatives wanted beside it.</param>
public readonly record struct ScoreRow(int TokenRow, int TokenId, int TopCount);
