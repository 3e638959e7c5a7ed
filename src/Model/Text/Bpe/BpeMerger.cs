namespace Llama.Model.Text.Bpe;

/// <summary>
/// Byte-pair merging: the best-ranked pair of neighbours first and the leftmost among equals, which is the order of SentencePiece
/// (bpe_model.cc, <c>SymbolPairComparator</c>) and of Hugging Face tokenizers (bpe/word.rs, <c>Merge::cmp</c>).
/// Microsoft.ML.Tokenizers 2.0.1 takes equals from the right, so <c>!!!</c> or <c>....</c> come out of it unlike the text the model was trained on; hence our own.
/// </summary>
internal static class BpeMerger
{
    /// <summary>Merges until no rule applies; a merged-away symbol has length 0. O(n log n) in the number of symbols.</summary>
    public static void Merge<TRules>(Span<Symbol> symbols, ref TRules rules) where TRules : IMergeRules, allows ref struct
    {
        var queue = new MergeQueue(symbols.Length);
        for (int i = 1; i < symbols.Length; i++) Propose(symbols, i - 1, i, ref rules, ref queue);
        while (queue.TryPop(out MergeCandidate best))
        {
            if (IsStale(symbols, best)) continue;
            Join(symbols, best);
            Propose(symbols, symbols[best.Left].Previous, best.Left, ref rules, ref queue);
            Propose(symbols, best.Left, symbols[best.Left].Next, ref rules, ref queue);
        }
        queue.Dispose();
    }

    private static void Propose<TRules>(Span<Symbol> symbols, int left, int right, ref TRules rules, ref MergeQueue queue)
        where TRules : IMergeRules, allows ref struct
    {
        if (left < 0 || right < 0 || symbols[left].IsFrozen || symbols[right].IsFrozen) return;
        if (rules.TryMerge(symbols[left], symbols[right], out Merge merge))
            queue.Push(MergeCandidate.Of(merge, left, right, symbols[left].Length + symbols[right].Length));
    }

    // Symbols only grow, so a pair is as it was proposed exactly when both still stand and their lengths still add up.
    private static bool IsStale(Span<Symbol> symbols, MergeCandidate candidate)
    {
        int left = symbols[candidate.Left].Length, right = symbols[candidate.Right].Length;
        return left == 0 || right == 0 || left + right != candidate.Length;
    }

    private static void Join(Span<Symbol> symbols, MergeCandidate merge)
    {
        ref Symbol left = ref symbols[merge.Left];
        ref Symbol right = ref symbols[merge.Right];
        left.Length = merge.Length;
        left.Id = merge.Id;
        left.Next = right.Next;
        right.Length = 0;
        if (left.Next >= 0) symbols[left.Next].Previous = merge.Left;
    }
}
