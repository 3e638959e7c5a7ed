using System.Runtime.CompilerServices;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>
/// The texts of tokens as a trie, laid out flat in preorder: a walk goes forwards and skips a subtree by its end. Immutable and safe to share.
/// </summary>
internal sealed class TokenTrie
{
    // The mask of an ambiguous expression can take longer than a whole step of the model. Once so much work is done, tokens are followed by one more byte and no further, so that some longer ones
    // stay unmarked. Nothing becomes wrong or unreachable by that: every token that is marked leads on, what a longer one says can be written in shorter ones, and whether the text may end here
    // follows from the first state alone. Counted in transitions looked back at, some 30 ns each.
    private const long MostEffort = 300_000;

    private readonly Node[] _nodes;
    private readonly int[] _tokens; // ids, in the order of their nodes

    /// <param name="tokens">Tokens with what they print, none empty.</param>
    public TokenTrie(IEnumerable<TokenText> tokens)
    {
        TokenText[] sorted = [.. tokens];
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is not 0 and var order ? order : a.Id.CompareTo(b.Id));
        (_nodes, _tokens) = (Build(sorted), [.. sorted.Select(token => token.Id)]);
        LongestToken = sorted.Select(token => token.Bytes.Length).DefaultIfEmpty().Max();
    }

    /// <summary>Length of the longest token in bytes.</summary>
    public int LongestToken { get; }

    /// <summary>Sets the bits of the tokens whose bytes lead somewhere.</summary>
    /// <param name="start">The state before the token.</param>
    /// <param name="mask">[⌈vocab / 64⌉]; tokens beyond it are left out.</param>
    /// <param name="walk">Number of the walk, another each time that states are walked through.</param>
    /// <param name="path">Room for the states on the way, [<see cref="LongestToken"/> + 1].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // seldom called and long: it would stay in the first tier for thousands of tokens
    public void Mark(ByteState start, Span<ulong> mask, int walk, Span<ByteState> path)
    {
        ByteState dead = ByteState.Dead;
        ulong leading = ByteGroups.LeadingAway(start);
        path[0] = start;
        bool isAnyMarked = false;
        long effort = 0;
        for (int i = 0; i < _nodes.Length;)
        {
            ref readonly Node node = ref _nodes[i];
            ByteState state = path[node.Depth];
            if ((node.Groups & leading) == 0 && ReferenceEquals(state, start))
            {
                i = MarkSubtree(node, mask);
                isAnyMarked = true;
                continue;
            }
            ByteState next = state.Advance(node.Label, walk, ref effort);
            if (ReferenceEquals(next, dead))
            {
                i = node.End;
                continue;
            }
            path[node.Depth + 1] = next;
            isAnyMarked |= node.TokenCount > 0;
            for (int token = node.FirstToken; token < node.FirstToken + node.TokenCount; token++) Set(mask, _tokens[token]);
            i = isAnyMarked && effort > MostEffort ? node.End : i + 1;
        }
    }

    /// <summary>Sets the bits of all ids that are not in the trie.</summary>
    public void MarkOthers(Span<ulong> mask)
    {
        mask.Fill(ulong.MaxValue);
        foreach (int token in _tokens)
        {
            if (token >> 6 < mask.Length) mask[token >> 6] &= ~(1UL << token);
        }
    }

    // Inside a string most words change nothing: all that begin so are allowed without looking.
    private int MarkSubtree(in Node node, Span<ulong> mask)
    {
        int end = node.End < _nodes.Length ? _nodes[node.End].FirstToken : _tokens.Length;
        foreach (int token in _tokens.AsSpan(node.FirstToken..end)) Set(mask, token);
        return node.End;
    }

    private static void Set(Span<ulong> mask, int token)
    {
        if (token >> 6 < mask.Length) mask[token >> 6] |= 1UL << token;
    }

    private static Node[] Build(TokenText[] sorted)
    {
        var nodes = new List<Node>();
        var open = new Stack<int>(); // the nodes of the last token, by depth
        for (int i = 0; i < sorted.Length; i++)
        {
            byte[] text = sorted[i].Bytes;
            int shared = i == 0 ? 0 : sorted[i - 1].Bytes.AsSpan().CommonPrefixLength(text);
            Close(nodes, open, shared);
            for (int depth = shared; depth < text.Length; depth++)
            {
                open.Push(nodes.Count);
                nodes.Add(new Node(text[depth], (ushort)depth, 0, i, 0, ByteGroups.Of(text[depth])));
            }
            nodes[open.Peek()] = nodes[open.Peek()] with { TokenCount = nodes[open.Peek()].TokenCount + 1 };
        }
        Close(nodes, open, 0);
        return [.. nodes];
    }

    private static void Close(List<Node> nodes, Stack<int> open, int depth)
    {
        while (open.Count > depth)
        {
            int closed = open.Pop();
            nodes[closed] = nodes[closed] with { End = nodes.Count };
            if (open.TryPeek(out int parent)) nodes[parent] = nodes[parent] with { Groups = nodes[parent].Groups | nodes[closed].Groups };
        }
    }

    /// <param name="Label">The byte that leads here.</param>
    /// <param name="Depth">0 for a first byte.</param>
    /// <param name="End">The node behind the subtree.</param>
    /// <param name="FirstToken">Into the tokens, the first that ends here.</param>
    /// <param name="TokenCount">How many end here: a letter can be a piece and a byte token.</param>
    /// <param name="Groups">The groups of the labels of the whole subtree, see <see cref="ByteGroups"/>.</param>
    private readonly record struct Node(byte Label, ushort Depth, int End, int FirstToken, int TokenCount, ulong Groups);
}
