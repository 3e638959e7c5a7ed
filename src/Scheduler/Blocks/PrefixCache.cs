using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Blocks;

/// <summary>Finds the blocks whose tokens a sequence begins with, and seals those that it has filled, so that others find them.</summary>
/// <param name="pool">Whose blocks.</param>
/// <param name="blockSize">Tokens per block.</param>
/// <param name="mostBlocks">Of one sequence.</param>
/// <param name="hashMask">Tests narrow the hash, to make contents collide.</param>
internal sealed class PrefixCache(BlockPool pool, int blockSize, int mostBlocks, ulong hashMask)
{
    private readonly Block[] _found = new Block[mostBlocks];

    /// <summary>Blocks hashed so far, to look them up or to seal them.</summary>
    public long HashedCount { get; private set; }

    /// <summary>The sealed blocks that a sequence begins with, in order; until the next call.</summary>
    public ReadOnlySpan<Block> Find(Sequence sequence)
    {
        int mostCount = FindableCount(sequence) / blockSize, count = 0;
        while (count < mostCount && pool.Find(ContentOf(sequence, count, count == 0 ? null : _found[count - 1])) is { } block)
            _found[count++] = block;
        return _found.AsSpan(0, count);
    }

    /// <summary>Whether <see cref="Find"/> would find what it found then, told by the end of that alone.</summary>
    public bool FindsTheSame(Shortage then)
    {
        if (then.Last is { } last && !(last.IsSealed && last.Hash == then.LastHash)) return false;
        return (then.FoundCount + 1) * blockSize > FindableCount(then.Sequence) || pool.Find(ContentOf(then.Sequence, then.FoundCount, then.Last)) is null;
    }

    /// <summary>Whether a running sequence has yet to compute the very block that follows those found: computing it twice at once would gain nothing.</summary>
    public bool IsNextBeingFilled(Sequence sequence, ReadOnlySpan<Block> found, RankedList running)
    {
        if (FindableCount(sequence) < (found.Length + 1) * blockSize) return false;
        foreach (Sequence other in running)
        {
            if (Fills(other, sequence, found)) return true;
        }
        return false;
    }

    /// <summary>Seals the blocks that a sequence has filled since the last time: each is hashed once, from its own tokens and its parent's hash.</summary>
    public void Seal(Sequence sequence, int computedCount)
    {
        while ((sequence.Blocks.SealedCount + 1) * blockSize <= computedCount) SealNext(sequence);
    }

    /// <summary>
    /// Tokens that may be found in the cache. The last one never: its logits are what is drawn from, and those of a shared prompt are drawn from by all; nor those of which more is wanted than their keys
    /// and values.
    /// </summary>
    private static int FindableCount(Sequence sequence) =>
        sequence.Readout is { IsComplete: false } readout ? readout.ReadCount : (sequence.Group is { HasForks: true } ? sequence.PromptLength : sequence.TargetCount) - 1;

    private bool Fills(Sequence other, Sequence sequence, ReadOnlySpan<Block> found)
    {
        int start = found.Length * blockSize, end = start + blockSize;
        return other.Blocks.SealedCount == found.Length && other.TargetCount >= end
            && other.Request.CacheSalt == sequence.Request.CacheSalt
            && (found.IsEmpty || other.Blocks[found.Length - 1] == found[^1].Id)
            && other.Tokens[start..end].SequenceEqual(sequence.Tokens[start..end]);
    }

    private void SealNext(Sequence sequence)
    {
        ref BlockTable blocks = ref sequence.Blocks;
        int i = blocks.SealedCount++;
        BlockContent content = ContentOf(sequence, i, i == 0 ? null : pool[blocks[i - 1]]);
        Block own = pool[blocks[i]];
        if (pool.Find(content) is { } twin)
        {
            // Another sequence computed the same in the meantime. Sharing its block keeps every parent held by whoever holds the child.
            blocks[i] = pool.Pin(twin).Id;
            pool.Unpin(own);
            return;
        }
        pool.Seal(own, content);
    }

    private BlockContent ContentOf(Sequence sequence, int index, Block? parent)
    {
        HashedCount++;
        return new BlockContent(parent, sequence.Request.CacheSalt, sequence.Tokens.Slice(index * blockSize, blockSize), hashMask);
    }
}
