using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Blocks;

/// <summary>
/// All blocks of the KV cache. A block is free, used (held by sequences, counted), or cached: sealed, held by nobody, kept for its tokens until it is the oldest and room is needed.
/// </summary>
internal sealed class BlockPool
{
    private readonly Block[] _blocks; // by id
    private readonly BlockList _free = new();
    private readonly BlockList _cached = new(); // oldest first
    private readonly BlockIndex _index;
    private int _touchedCount;

    public BlockPool(int blockCount, int blockSize)
    {
        _blocks = [.. Enumerable.Range(0, blockCount).Select(id => new Block(id, blockSize))];
        _index = new BlockIndex(blockCount);
        foreach (Block block in _blocks) _free.AddLast(block);
    }

    public int TotalCount => _blocks.Length;

    public int CachedCount => _cached.Count;

    /// <summary>Free and cached ones.</summary>
    public int AvailableCount => _free.Count + _cached.Count;

    /// <summary>Blocks that became available so far.</summary>
    public long ReleasedCount { get; private set; }

    public Block this[int id] => _blocks[id];

    /// <summary>Gives one more sequence a block.</summary>
    public Block Pin(Block block)
    {
        _touchedCount = Math.Max(_touchedCount, block.Id + 1);
        if (block.RefCount++ == 0 && block.IsSealed) _cached.Remove(block);
        return block;
    }

    /// <summary>Gives a sequence a block for itself; there must be one available.</summary>
    public Block PinNew()
    {
        if (_free.Count > 0) return Pin(_free.RemoveFirst());
        Block oldest = _cached.RemoveFirst();
        Unseal(oldest);
        return Pin(oldest);
    }

    /// <summary>Takes a block from one of its sequences.</summary>
    public void Unpin(Block block)
    {
        if (--block.RefCount > 0) return;
        ReleasedCount++;
        if (block.IsSealed) _cached.AddLast(block);
        else _free.AddFirst(block);
    }

    /// <summary>The sealed block that holds just this, or null.</summary>
    public Block? Find(in BlockContent content) => _index.Find(content);

    public void Seal(Block block, in BlockContent content)
    {
        block.Seal(content);
        _index.Add(block);
    }

    /// <summary>Forgets what a block holds, so that it may be written to.</summary>
    public void Unseal(Block block)
    {
        _index.Remove(block);
        block.Unseal();
    }

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

    /// <summary>Throws unless every block is in exactly one place and every count adds up to what these sequences hold.</summary>
    public void CheckIntegrity(IEnumerable<Sequence> holders, int blockSize) => BlockIntegrity.Check(_blocks, _free, _cached, _index, holders, blockSize);
}
