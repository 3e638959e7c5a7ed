using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>Which tokens may come next, by the state of an automaton: found once for each state by walking the vocabulary through it, then kept with the state.</summary>
internal sealed class TokenMasks
{
    private readonly int _vocabSize;
    private readonly bool _allowsOthers;
    private readonly ByteState[] _path;
    private int _walks;
    private ByteState? _start;
    private ulong[] _startMask = [];

    /// <param name="texts">The vocabulary.</param>
    /// <param name="vocabSize">Number of ids of the model, which may be more than the tokenizer has.</param>
    /// <param name="allowsOthers">Whether tokens that print nothing are allowed: the automaton has no say in them.</param>
    public TokenMasks(TokenTexts texts, int vocabSize, bool allowsOthers)
    {
        (Texts, _vocabSize, _allowsOthers) = (texts, vocabSize, allowsOthers);
        _path = new ByteState[Math.Max(texts.Inside.LongestToken, texts.AtStart.LongestToken) + 1];
    }

    public TokenTexts Texts { get; }

    /// <summary>Number of words in a mask.</summary>
    public int Words => (_vocabSize + 63) / 64;

    /// <summary>The tokens that may come inside a text.</summary>
    public ulong[] Inside(ByteState state)
    {
        if (state.Mask is { } known) return known;
        ByteState lookalike = state.Lookalike(_path.Length - 1);
        lookalike.Mask ??= Walk(lookalike, Texts.Inside);
        return state.Mask = lookalike.Mask;
    }

    /// <summary>The tokens that may come first in a text.</summary>
    public ulong[] AtStart(ByteState state)
    {
        if (ReferenceEquals(Texts.AtStart, Texts.Inside)) return Inside(state);
        if (!ReferenceEquals(state, _start)) (_start, _startMask) = (state, Walk(state.Lookalike(_path.Length - 1), Texts.AtStart));
        return _startMask;
    }

    private ulong[] Walk(ByteState state, TokenTrie trie)
    {
        ulong[] mask = new ulong[Words];
        if (_allowsOthers) trie.MarkOthers(mask);
        trie.Mark(state, mask, ++_walks, _path);
        state.Charge(8L * mask.Length);
        if (_vocabSize % 64 != 0) mask[^1] &= (1UL << (_vocabSize % 64)) - 1;
        return mask;
    }
}
