using Llama.Scheduling.Blocks;

namespace Llama.Scheduling.Frames;

/// <summary>The pool of KV blocks at one moment.</summary>
public sealed class PoolImage
{
    internal PoolImage(BlockManager blocks) => (BlockSize, States) = (blocks.BlockSize, blocks.CopyStates());

    /// <summary>Tokens per block.</summary>
    public int BlockSize { get; }

    /// <summary>Blocks from the first to the last one that was ever used; all behind them are free.</summary>
    public int TouchedCount => States.Length;

    /// <summary>By block id.</summary>
    internal BlockState[] States { get; }
}
