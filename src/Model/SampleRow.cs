using Llama.Model.Guidance;
using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>One draw of a step.</summary>
/// <param name="TokenRow">The token row whose logits are drawn from.</param>
/// <param name="Position">Position in its sequence of the token to be drawn: the counter of the random draw.</param>
/// <param name="GeneratedCount">Tokens generated so far, for <see cref="SamplingParams.MinTokens"/>.</param>
/// <param name="HistoryStart">Where the sequence's tokens start in <see cref="ForwardBatch.History"/>.</param>
/// <param name="HistoryLength">How many there are; 0 when <see cref="SamplingParams.NeedsHistory"/> is false.</param>
/// <param name="Params">How to draw.</param>
/// <param name="Guide">Which tokens may be drawn; null for all.</param>
public readonly record struct SampleRow(
    int TokenRow, int Position, int GeneratedCount, int HistoryStart, int HistoryLength, SamplingParams Params, ITokenGuide? Guide = null)
{
    /// <summary>How many of the history's tokens, from its start, are prompt.</summary>
    public int PromptLength => HistoryLength - GeneratedCount;

    /// <summary>Whether another is the same but for its token row. What the record's own comparison says, without a copy of both.</summary>
    internal bool IsAlike(in SampleRow other) =>
        Position == other.Position && GeneratedCount == other.GeneratedCount && HistoryStart == other.HistoryStart && HistoryLength == other.HistoryLength && Params == other.Params && Guide == other.Guide;
}
