using System.Diagnostics;
using Llama.Model;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Blocks;

/// <summary>Gives sequences the blocks that their tokens need and takes them back.</summary>
internal sealed class BlockManager
{
    private readonly BlockPool _pool;
    private readonly PrefixCache? _prefixes;
    private Shortage? _shortage; // of who was tried last

    /// <param name="limits">Size and number of the blocks.</param>
    /// <param name="keepsPrefixes">False seals nothing, so that nothing is ever found.</param>
    /// <param name="hashMask">Tests narrow the hash, to make contents collide.</param>
    public BlockManager(ModelLimits limits, bool keepsPrefixes = true, ulong hashMask = ulong.MaxValue)
    {
        BlockSize = limits.BlockSize;
        _pool = new BlockPool(limits.BlockCount, limits.BlockSize);
        _prefixes = keepsPrefixes ? new PrefixCache(_pool, limits.BlockSize, limits.BlocksPerSequence, hashMask) : null;
    }

    public int BlockSize { get; }

    public int TotalCount => _pool.TotalCount;

    public int CachedCount => _pool.CachedCount;

    public int AvailableCount => _pool.AvailableCount;

    public int UsedCount => TotalCount - AvailableCount;

    /// <inheritdoc cref="PrefixCache.HashedCount"/>
    public long HashedCount => _prefixes?.HashedCount ?? 0;

    /// <summary>
    /// Gives a sequence the cached blocks that its tokens begin with and new ones for the rest that it is to compute; or nothing, when they do not fit or when
    /// it is better to wait for a block that one of the running is about to fill.
    /// </summary>
    /// <param name="sequence">Whom.</param>
    /// <param name="running">Those that run.</param>
    /// <param name="promisedCount">Blocks that must remain for others.</param>
    public bool TryAdmit(Sequence sequence, RankedList running, int promisedCount = 0)
    {
        if (IsStillShort(sequence, promisedCount)) return false;
        ReadOnlySpan<Block> found = [];
        if (_prefixes is not null)
        {
            found = _prefixes.Find(sequence);
            if (_prefixes.IsNextBeingFilled(sequence, found, running)) return false;
        }
        // Found blocks that nobody holds are among the available ones. Pinning them before this check could starve the running sequences of them.
        int idleCount = 0;
        foreach (Block block in found) idleCount += block.RefCount == 0 ? 1 : 0;
        int missing = BlocksFor(sequence.TargetCount) - found.Length - (AvailableCount - idleCount);
        bool fits = missing + promisedCount <= 0;
        Block? last = found.IsEmpty ? null : found[^1];
        _shortage = fits ? null : new Shortage(sequence, found.Length, last, last?.Hash, missing, _pool.ReleasedCount);
        if (!fits) return false;

        sequence.Reserve(BlocksFor(sequence.MaxComputedCount));
        foreach (Block block in found) sequence.Blocks.Add(_pool.Pin(block).Id);
        sequence.ComputedCount = found.Length * BlockSize;
        sequence.Blocks.SealedCount = found.Length;
        bool hasGrown = TryGrow(sequence, sequence.TargetCount);
        Debug.Assert(hasGrown);
        return true;
    }

    /// <summary>Lets a sequence hold the blocks of the prompt that another one has computed. The last, if it is not full, is the other's to go on in.</summary>
    public void Share(Sequence computed, Sequence fork)
    {
        fork.Reserve(BlocksFor(fork.MaxComputedCount));
        int fullCount = fork.PromptLength / BlockSize;
        for (int i = 0; i < fullCount; i++) fork.Blocks.Add(_pool.Pin(_pool[computed.Blocks[i]]).Id);
        if (fork.PromptLength % BlockSize > 0) fork.Blocks.SharedTail = _pool.Pin(_pool[computed.Blocks[fullCount]]).Id;
        fork.ComputedCount = fork.PromptLength;
        fork.Blocks.SealedCount = Math.Min(computed.Blocks.SealedCount, fullCount);
    }

    /// <summary>Makes a sequence's blocks cover this many tokens; takes no new ones when they do not fit.</summary>
    public bool TryGrow(Sequence sequence, int tokenCount)
    {
        if (tokenCount <= sequence.Blocks.Count * BlockSize) return true; // as in most steps
        int missing = BlocksFor(tokenCount) - sequence.Blocks.Count;
        if (missing > 0 && TryOwnTail(sequence, missing)) missing--;
        if (missing > AvailableCount) return false;
        for (; missing > 0; missing--) sequence.Blocks.Add(_pool.PinNew().Id);
        return true;
    }

    /// <summary>The step is begun that copies the shared tail: whoever gets the block from now on writes to it later.</summary>
    public void ReleaseTail(Sequence sequence)
    {
        if (sequence.Blocks.SharedTail is not { } tail) return;
        sequence.Blocks.SharedTail = null;
        _pool.Unpin(_pool[tail]);
    }

    /// <summary>Seals the blocks that a sequence has filled since the last time.</summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="computedCount">Tokens that are computed for certain: what a step under way fills may be shared when that is through, for it may fail.</param>
    public void Seal(Sequence sequence, int computedCount) => _prefixes?.Seal(sequence, computedCount);

    /// <summary>Takes all blocks from a sequence, the last first, so that within it the tail is evicted before the head that more requests may share.</summary>
    public void Free(Sequence sequence)
    {
        ReleaseTail(sequence);
        for (int i = sequence.Blocks.Count - 1; i >= 0; i--) _pool.Unpin(_pool[sequence.Blocks[i]]);
        sequence.Blocks.Clear();
        sequence.ComputedCount = 0;
    }

    public BlockState[] CopyStates() => _pool.CopyStates();

    public void CheckIntegrity(IEnumerable<Sequence> holders) => _pool.CheckIntegrity(holders, BlockSize);

    /// <summary>Whether one that did not fit cannot fit yet: too few blocks were released since, and none was sealed that follows those found.</summary>
    private bool IsStillShort(Sequence sequence, int promisedCount) =>
        _prefixes is not null && _shortage is { } shortage && shortage.Sequence == sequence
        && shortage.MissingCount + promisedCount > _pool.ReleasedCount - shortage.ReleasedCount
        && _prefixes.FindsTheSame(shortage);

    private int BlocksFor(int tokenCount) => ModelLimits.BlocksOf(tokenCount, BlockSize);

    /// <summary>Lets a sequence go on in the tail that it shared, when the others have gone and nobody would find it, or there is no room to keep what might be found.</summary>
    private bool TryOwnTail(Sequence sequence, int missing)
    {
        if (sequence.Blocks.SharedTail is not { } id || sequence.Blocks.Count > sequence.PromptLength / BlockSize) return false;
        Block tail = _pool[id];
        if (tail.RefCount > 1 || (tail.IsSealed && missing != AvailableCount + 1)) return false;
        // What follows a sealed one in the cache goes with it: all that is available is taken for the rest.
        if (tail.IsSealed) _pool.Unseal(tail);
        sequence.Blocks.Add(id);
        sequence.Blocks.SharedTail = null;
        return true;
    }
}
