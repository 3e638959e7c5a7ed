using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>
/// The texts of tokens as a trie, laid out flat in preorder: a walk goes forwards through four arrays and skips a subtree by its end. Immutable and safe to share.
/// </summary>
internal sealed class TokenTrie
{
    private readonly byte[] _labels; // [nodes]
    private readonly ushort[] _depths; // [nodes], 0 for first bytes
    private readonly int[] _ends; // [nodes], the node behind the subtree
    private readonly int[] _tokenFrom; // [nodes + 1], into _tokens
    private readonly int[] _tokens; // ids, in the order of their nodes

    /// <param name="tokens">Tokens with what they print, none empty.</param>
    public TokenTrie(IEnumerable<TokenText> tokens)
    {
        TokenText[] sorted = [.. tokens];
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is not 0 and var order ? order : a.Id.CompareTo(b.Id));
        var labels = new List<byte>();
        var depths = new List<ushort>();
        var tokenFrom = new List<int>();
        byte[] path = [];
        for (int i = 0; i < sorted.Length; i++)
        {
            byte[] text = sorted[i].Bytes;
            for (int depth = path.AsSpan().CommonPrefixLength(text); depth < text.Length; depth++)
            {
                labels.Add(text[depth]);
                depths.Add((ushort)depth);
                tokenFrom.Add(i);
            }
            path = text;
        }
        (_labels, _depths, _tokenFrom, _tokens) = ([.. labels], [.. depths], [.. tokenFrom, sorted.Length], [.. sorted.Select(token => token.Id)]);
        (_ends, LongestToken) = (Ends(_depths), sorted.Select(token => token.Bytes.Length).DefaultIfEmpty().Max());
    }

    /// <summary>Length of the longest token in bytes.</summary>
    public int LongestToken { get; }

    /// <summary>Ids of all tokens in the trie.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>Sets the bits of the tokens whose bytes lead somewhere.</summary>
    /// <param name="start">The state before the token.</param>
    /// <param name="mask">[⌈vocab / 64⌉]; tokens beyond it are left out.</param>
    /// <param name="path">Room for the states on the way, [<see cref="LongestToken"/> + 1].</param>
    public void Mark(ByteState start, Span<ulong> mask, Span<ByteState> path)
    {
        path[0] = start;
        for (int node = 0; node < _labels.Length;)
        {
            int depth = _depths[node];
            ByteState next = path[depth].Advance(_labels[node]);
            if (ReferenceEquals(next, ByteState.Dead))
            {
                node = _ends[node];
                continue;
            }
            path[depth + 1] = next;
            for (int i = _tokenFrom[node]; i < _tokenFrom[node + 1]; i++) Set(mask, _tokens[i]);
            node++;
        }
    }

    private static void Set(Span<ulong> mask, int token)
    {
        if (token >> 6 < mask.Length) mask[token >> 6] |= 1UL << token;
    }

    private static int[] Ends(ushort[] depths)
    {
        int[] ends = new int[depths.Length];
        var open = new Stack<int>();
        for (int node = 0; node < depths.Length; node++)
        {
            while (open.Count > depths[node]) ends[open.Pop()] = node;
            open.Push(node);
        }
        while (open.TryPop(out int last)) ends[last] = depths.Length;
        return ends;
    }
}
