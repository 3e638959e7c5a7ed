using Llama.Model.Sampling;

namespace Llama.Server.Generating;

/// <summary>A token beside the text it made.</summary>
/// <param name="Token">The token and its log-probabilities.</param>
/// <param name="Start">Where its text starts, in UTF-16 units of the answer.</param>
/// <param name="End">Where its text ends.</param>
/// <param name="Offset">Where its text starts, in code points of the answer.</param>
/// <param name="IsFirst">Whether the sequence's text starts with it, without the tokenizer's dummy space.</param>
/// <param name="IsText">False for what is not part of the text: the token that ended the answer, and those of a stop text.</param>
/// <param name="IsEnding">Whether it ended the answer and prints nothing.</param>
internal readonly record struct DrawnToken(SampledToken Token, int Start, int End, int Offset, bool IsFirst, bool IsText, bool IsEnding);
