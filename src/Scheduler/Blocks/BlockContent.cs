using System.Numerics;

namespace Llama.Scheduling.Blocks;

/// <summary>
/// What a sealed block holds. Two contents are equal when their parents are the same block and their tokens are equal, so equality reaches back to the first
/// token; the hash, chained through the parent's, only finds candidates.
/// </summary>
internal readonly ref struct BlockContent
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    public BlockContent(Block? parent, ulong salt, ReadOnlySpan<int> tokens, ulong hashMask)
    {
        Parent = parent;
        Salt = salt;
        Tokens = tokens;
        Hash = Chain(parent?.Hash ?? salt, tokens) & hashMask;
    }

    public Block? Parent { get; }

    public ulong Salt { get; }

    public ReadOnlySpan<int> Tokens { get; }

    public ulong Hash { get; }

    /// <summary>The hash of a context that is one block longer.</summary>
    public static ulong Chain(ulong parentHash, ReadOnlySpan<int> tokens)
    {
        ulong hash = (parentHash + 1) * Prime;
        foreach (int token in tokens) hash = (BitOperations.RotateLeft(hash, 23) ^ (uint)token) * Prime;
        return hash ^ (hash >> 32);
    }
}
