namespace Llama.Model.Text.Bpe;

/// <summary>Finds the longest of a set of spellings that a text begins with.</summary>
internal sealed class PrefixMatcher
{
    private readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _pieces;
    private readonly int[]?[] _lengths = new int[]?[256]; // by first byte, longest first

    public PrefixMatcher(IEnumerable<byte[]> pieces)
    {
        var set = new HashSet<byte[]>(pieces.Where(piece => piece.Length > 0), PieceComparer.Instance);
        _pieces = set.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (IGrouping<byte, byte[]> group in set.GroupBy(piece => piece[0]))
            _lengths[group.Key] = [.. group.Select(piece => piece.Length).Distinct().OrderDescending()];
    }

    /// <summary>Length of the longest match at the start of the text, or 0.</summary>
    public int Match(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || _lengths[text[0]] is not { } lengths) return 0;
        foreach (int length in lengths)
        {
            if (length <= text.Length && _pieces.Contains(text[..length])) return length;
        }
        return 0;
    }
}
