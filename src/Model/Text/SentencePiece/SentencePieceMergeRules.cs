using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.SentencePiece;

/// <summary>SentencePiece's rule: two neighbours merge when the vocabulary has what they spell together.</summary>
internal ref struct SentencePieceMergeRules(ReadOnlySpan<byte> text, ScoredPieces pieces, bool[] isUnused) : IMergeRules
{
    private readonly ReadOnlySpan<byte> _text = text;
    private Dictionary<int, int>? _splits;

    public bool TryMerge(in Symbol left, in Symbol right, out Merge merge)
    {
        if (!pieces.TryFind(_text.Slice(left.Start, left.Length + right.Length), out merge)) return false;
        if (isUnused[merge.Id]) (_splits ??= [])[merge.Id] = left.Length;
        return true;
    }

    /// <summary>Where an unused piece was last seen to divide: the length of its left part.</summary>
    public readonly bool TrySplit(int id, out int leftLength)
    {
        leftLength = 0;
        return _splits is not null && _splits.TryGetValue(id, out leftLength);
    }
}
