using System.Diagnostics;
using Llama.Model;
using Llama.Scheduling.Frames;

namespace Llama.Scheduling.Blocks;

/// <summary>
/// The pool of KV blocks. A block is free, used (held by sequences, counted), or cached: sealed, held by nobody, kept for its tokens until it is the oldest
/// and room is needed.
/// </summary>
internal sealed class BlockManager
{
    private readonly Block[] _blocks; // by id
    private readonly BlockList _free = new();
    private readonly BlockList _cached = new(); // oldest first
    private readonly BlockIndex _index;
    private readonly Block[] _prefix; // scratch of FindPrefix
    private readonly bool _keepsPrefixes;
    private readonly ulong _hashMask;
    private int _touchedCount;

    /// <param name="limits">Size and number of the blocks.</param>
    /// <param name="keepsPrefixes">False seals nothing, so that nothing is ever found.</param>
    /// <param name="hashMask">Tests narrow the hash, to make contents collide.</param>
    public BlockManager(ModelLimits limits, bool keepsPrefixes = true, ulong hashMask = ulong.MaxValue)
    {
        (BlockSize, _keepsPrefixes, _hashMask) = (limits.BlockSize, keepsPrefixes, hashMask);
        _blocks = [.. Enumerable.Range(0, limits.BlockCount).Select(id => new Block(id, limits.BlockSize))];
        _index = new BlockIndex(limits.BlockCount);
        _prefix = new Block[limits.BlocksPerSequence];
        foreach (Block block in _blocks) _free.AddLast(block);
    }

    public int BlockSize { get; }

    public int TotalCount => _blocks.Length;

    public int CachedCount => _cached.Count;

    public int AvailableCount => _free.Count + _cached.Count;

    /// <summary>Blocks hashed so far, to look them up or to seal them.</summary>
    public long HashedCount { get; private set; }

    /// <summary>Whose each block is, up to the last one that was ever used.</summary>
    public BlockState[] CopyStates()
    {
        BlockState[] states = new BlockState[_touchedCount];
        for (int i = 0; i < states.Length; i++)
        {
            Block block = _blocks[i];
            states[i] = block.RefCount > 0 ? BlockState.Held : block.IsSealed ? BlockState.Cached : BlockState.Free;
        }
        return states;
    }

    public int UsedCount => TotalCount - AvailableCount;

    /// <summary>
    /// Gives a sequence the cached blocks that its tokens begin with and new ones for the rest that it is to compute; or nothing, when they do not fit or when
    /// it is better to wait for a block that one of the running is about to fill.
    /// </summary>
    /// <param name="sequence">Whom.</param>
    /// <param name="running">Those that run.</param>
    /// <param name="promisedCount">Blocks that must remain for others.</param>
    public bool TryAdmit(Sequence sequence, RankedList running, int promisedCount = 0)
    {
        int foundCount = FindPrefix(sequence);
        foreach (Sequence other in running)
        {
            if (FillsNextBlockOf(sequence, foundCount, other)) return false;
        }
        // Found blocks that nobody holds are among the available ones. Pinning them before this check could starve the running sequences of them.
        int idleCount = 0;
        for (int i = 0; i < foundCount; i++) idleCount += _prefix[i].RefCount == 0 ? 1 : 0;
        if (BlocksFor(sequence.TargetCount) - foundCount > AvailableCount - idleCount - promisedCount) return false;

        sequence.Reserve(BlocksFor(sequence.MaxComputedCount));
        for (int i = 0; i < foundCount; i++) sequence.AddBlock(Pin(_prefix[i]).Id);
        sequence.ComputedCount = foundCount * BlockSize;
        sequence.SealedCount = foundCount;
        bool fits = TryGrow(sequence, sequence.TargetCount);
        Debug.Assert(fits);
        return true;
    }

    /// <summary>Lets a sequence hold the blocks of the prompt that another one has computed. The last, if it is not full, is the other's to go on in.</summary>
    public void Share(Sequence computed, Sequence fork)
    {
        fork.Reserve(BlocksFor(fork.MaxComputedCount));
        int fullCount = fork.PromptLength / BlockSize;
        for (int i = 0; i < fullCount; i++) fork.AddBlock(Pin(_blocks[computed.BlockIds[i]]).Id);
        if (fork.PromptLength % BlockSize > 0) fork.SharedTail = Pin(_blocks[computed.BlockIds[fullCount]]).Id;
        fork.ComputedCount = fork.PromptLength;
        fork.SealedCount = Math.Min(computed.SealedCount, fullCount);
    }

    /// <summary>Makes a sequence's blocks cover this many tokens; takes nothing when they do not fit.</summary>
    public bool TryGrow(Sequence sequence, int tokenCount)
    {
        int missing = BlocksFor(tokenCount) - sequence.BlockCount;
        if (missing > 0 && TryOwnTail(sequence, missing)) missing--;
        if (missing > AvailableCount) return false;
        for (; missing > 0; missing--) sequence.AddBlock(Pin(TakeUnheld()).Id);
        return true;
    }

    /// <summary>The step is begun that copies the shared tail: whoever gets the block writes to it later.</summary>
    public void ReleaseTail(Sequence sequence)
    {
        if (sequence.SharedTail is not { } tail) return;
        sequence.SharedTail = null;
        Unpin(_blocks[tail]);
    }

    /// <summary>Seals the blocks that a sequence has filled since the last time: each is hashed once, from its own tokens and its parent's hash.</summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="computedCount">Tokens that are computed for certain: what a step under way fills may be shared when that is through, for it may fail.</param>
    public void Seal(Sequence sequence, int computedCount)
    {
        if (!_keepsPrefixes) return;
        while ((sequence.SealedCount + 1) * BlockSize <= computedCount) SealNext(sequence);
    }

    /// <summary>Takes all blocks from a sequence, the last first, so that within it the tail is evicted before the head that more requests may share.</summary>
    public void Free(Sequence sequence)
    {
        ReleaseTail(sequence);
        for (int i = sequence.BlockCount - 1; i >= 0; i--) Unpin(_blocks[sequence.BlockIds[i]]);
        sequence.ClearBlocks();
    }

    /// <summary>Throws unless every block is in exactly one place and every count adds up to what these sequences hold.</summary>
    public void CheckIntegrity(IEnumerable<Sequence> holders) => BlockIntegrity.Check(_blocks, _free, _cached, _index, holders, BlockSize);

    public int BlocksFor(int tokenCount) => (tokenCount + BlockSize - 1) / BlockSize;

    /// <summary>Lets a sequence go on in the tail that it shared, when the others have gone and nobody would find it, or there is no room to keep what might be found.</summary>
    private bool TryOwnTail(Sequence sequence, int missing)
    {
        if (sequence.SharedTail is not { } id || sequence.BlockCount > sequence.PromptLength / BlockSize) return false;
        Block tail = _blocks[id];
        if (tail.RefCount > 1 || (tail.IsSealed && missing != AvailableCount + 1)) return false;
        // What follows a sealed one in the cache is all taken, and so evicted, for the rest of what is missing.
        if (tail.IsSealed) Evict(tail);
        sequence.AddBlock(id);
        sequence.SharedTail = null;
        return true;
    }

    private int FindPrefix(Sequence sequence)
    {
        if (!_keepsPrefixes) return 0;
        int mostCount = sequence.CacheableCount / BlockSize;
        int count = 0;
        while (count < mostCount && _index.Find(ContentOf(sequence, count, count == 0 ? null : _prefix[count - 1])) is { } block)
            _prefix[count++] = block;
        return count;
    }

    /// <summary>Whether another sequence has yet to compute the very block that follows the prefix found: computing it twice at once would gain nothing.</summary>
    private bool FillsNextBlockOf(Sequence sequence, int foundCount, Sequence other)
    {
        int start = foundCount * BlockSize, end = start + BlockSize;
        return _keepsPrefixes
            && other.SealedCount == foundCount && other.TargetCount >= end && sequence.CacheableCount >= end
            && other.CacheSalt == sequence.CacheSalt
            && (foundCount == 0 || other.BlockIds[foundCount - 1] == _prefix[foundCount - 1].Id)
            && other.Tokens[start..end].SequenceEqual(sequence.Tokens[start..end]);
    }

    private void SealNext(Sequence sequence)
    {
        int i = sequence.SealedCount++;
        BlockContent content = ContentOf(sequence, i, i == 0 ? null : _blocks[sequence.BlockIds[i - 1]]);
        Block own = _blocks[sequence.BlockIds[i]];
        if (_index.Find(content) is { } twin)
        {
            // Another sequence computed the same in the meantime. Sharing its block keeps every parent held by whoever holds the child.
            sequence.BlockIds[i] = Pin(twin).Id;
            Unpin(own);
            return;
        }
        own.Seal(content);
        _index.Add(own);
    }

    private BlockContent ContentOf(Sequence sequence, int index, Block? parent)
    {
        HashedCount++;
        return new BlockContent(parent, sequence.CacheSalt, sequence.Tokens.Slice(index * BlockSize, BlockSize), _hashMask);
    }

    private Block TakeUnheld()
    {
        if (_free.Count > 0) return _free.RemoveFirst();
        Block oldest = _cached.RemoveFirst();
        Evict(oldest);
        return oldest;
    }

    private void Evict(Block block)
    {
        _index.Remove(block);
        block.Unseal();
    }

    private Block Pin(Block block)
    {
        _touchedCount = Math.Max(_touchedCount, block.Id + 1);
        if (block.RefCount++ == 0 && block.IsSealed) _cached.Remove(block);
        return block;
    }

    private void Unpin(Block block)
    {
        if (--block.RefCount > 0) return;
        if (block.IsSealed) _cached.AddLast(block);
        else _free.AddFirst(block);
    }
}
