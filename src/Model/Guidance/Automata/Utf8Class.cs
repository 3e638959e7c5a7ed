using System.Text;

namespace Llama.Model.Guidance.Automata;

/// <summary>
/// The UTF-8 of a character class as a little automaton: a state is its outgoing edges, state 0 the end, the last one the start. Ranges become sequences of byte ranges
/// (Ken Thompson's construction, as in RE2's utf8 suffix cache), and equal ends are shared.
/// </summary>
internal sealed class Utf8Class
{
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    private readonly List<ByteEdge[]> _states = [[]];
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    public Utf8Class(CodePointSet set)
    {
        var sequences = new List<ByteRange[]>();
        foreach (CodePointRange range in set.Ranges) Split(range.First, range.Last, sequences);
        Start = set.IsEmpty ? -1 : Build(sequences, 0, sequences.Count, 0);
    }

    public IReadOnlyList<ByteEdge[]> States => _states;

    /// <summary>The state that reads a character's first byte; −1 where the class is empty.</summary>
    public int Start { get; }

    // Cuts where the encoding's length changes and where a lead byte is only partly covered, so that each piece is one product of byte ranges.
    private static void Split(int first, int last, List<ByteRange[]> sequences)
    {
        foreach (int end in LastOfLength)
        {
            if (first > end) continue;
            if (last <= end) break;
            Split(first, end, sequences);
            first = end + 1;
        }
        for (int bits = 6; last > 0x7F && bits <= 18; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((first & ~mask) == (last & ~mask)) continue;
            int cut = (first & mask) != 0 ? first | mask : (last & mask) != mask ? (last & ~mask) - 1 : -1;
            if (cut < 0) continue;
            Split(first, cut, sequences);
            Split(cut + 1, last, sequences);
            return;
        }
        sequences.Add(Product(first, last));
    }

    private static ByteRange[] Product(int first, int last)
    {
        Span<byte> low = stackalloc byte[4], high = stackalloc byte[4];
        int length = new Rune(first).EncodeToUtf8(low);
        new Rune(last).EncodeToUtf8(high);
        var product = new ByteRange[length];
        for (int i = 0; i < length; i++) product[i] = new ByteRange(low[i], high[i]);
        return product;
    }

    // Sequences come in order, and lead ranges are equal or disjoint.
    private int Build(List<ByteRange[]> sequences, int from, int end, int depth)
    {
        if (sequences[from].Length == depth) return 0;
        var edges = new List<ByteEdge>();
        for (int next = from; from < end; from = next)
        {
            ByteRange lead = sequences[from][depth];
            while (next < end && sequences[next][depth] == lead) next++;
            int target = Build(sequences, from, next, depth + 1);
            if (edges.Count > 0 && edges[^1].Target == target && edges[^1].High + 1 == lead.Low) edges[^1] = edges[^1] with { High = lead.High };
            else edges.Add(new ByteEdge(lead.Low, lead.High, target));
        }
        string key = string.Join(' ', edges);
        if (_known.TryGetValue(key, out int state)) return state;
        _states.Add([.. edges]);
        return _known[key] = _states.Count - 1;
    }

    private readonly record struct ByteRange(byte Low, byte High);
}
