using System.Numerics;
using System.Text;
using System.Text.Unicode;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>
/// Finds the token that is forced in a state: the first of the canonical spelling where the text can go on in one way only, or the only one that is allowed.
/// It follows from the state alone, so that equal outputs are spelled alike however they came about.
/// </summary>
internal sealed class ForcedTokens(TokenMasks masks, CanonicalSpelling spelling)
{
    public const int None = -1;

    // Enough to spell a token as it would be in the whole text.
    private const int LongestRun = 256;

    private readonly byte[] _run = new byte[LongestRun];
    private ByteState? _start;
    private int _startToken;

    /// <summary>The token that is forced, or <see cref="None"/>.</summary>
    public int Of(ByteState state, bool atStart)
    {
        if (!atStart) return state.ForcedToken ??= Find(state, masks.Inside(state), atStart: false);
        if (!ReferenceEquals(state, _start)) (_start, _startToken) = (state, Find(state, masks.AtStart(state), atStart: true));
        return _startToken;
    }

    private int Find(ByteState state, ReadOnlySpan<ulong> mask, bool atStart)
    {
        if (state.IsAccepting) return None;
        int only = Only(mask);
        if (only >= 0 || state.ForcedByte < 0) return only;
        if (!TryRead(state, out string text, out bool isWhole) || !spelling.TrySpell(text, atStart, out ReadOnlySpan<int> tokens)) return None;
        // The last token of a run that goes on with a choice is the model's: the natural spelling may reach across.
        bool isForced = tokens.Length > 1 || isWhole;
        bool isAllowed = tokens[0] >> 6 < mask.Length && (mask[tokens[0] >> 6] >> tokens[0] & 1) != 0;
        return isForced && isAllowed ? tokens[0] : None;
    }

    // Reads the forced bytes as text, whole characters from the first on; isWhole where the output then is complete.
    private bool TryRead(ByteState state, out string text, out bool isWhole)
    {
        int length = 0;
        for (; length < LongestRun && state.ForcedByte >= 0; length++)
        {
            _run[length] = (byte)state.ForcedByte;
            state = state.Advance(_run[length]);
        }
        int end = length;
        while (end > 0 && !Utf8.IsValid(_run.AsSpan(0, end)) && length - end < 4) end--;
        isWhole = state is { IsAccepting: true, IsFinal: true } && end == length;
        bool isText = end > 0 && Utf8.IsValid(_run.AsSpan(0, end));
        text = isText ? Encoding.UTF8.GetString(_run.AsSpan(0, end)) : "";
        return isText;
    }

    private static int Only(ReadOnlySpan<ulong> mask)
    {
        int only = None;
        for (int word = 0; word < mask.Length; word++)
        {
            if (mask[word] == 0) continue;
            if (only >= 0 || BitOperations.PopCount(mask[word]) > 1) return None;
            only = (word << 6) + BitOperations.TrailingZeroCount(mask[word]);
        }
        return only;
    }
}
