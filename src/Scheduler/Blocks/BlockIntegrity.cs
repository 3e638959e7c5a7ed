namespace Llama.Scheduling.Blocks;

/// <summary>The laws of the pool, checked from outside its fast paths.</summary>
internal static class BlockIntegrity
{
    public static void Check(Block[] blocks, BlockList free, BlockList cached, BlockIndex index, IEnumerable<Sequence> holders, int blockSize)
    {
        int[] held = CountHolders(blocks.Length, holders, blockSize), writers = CountWriters(blocks.Length, holders, blockSize);
        HashSet<Block> freeBlocks = [.. free.Enumerate()], cachedBlocks = [.. cached.Enumerate()];
        Require(freeBlocks.Count == free.Count && cachedBlocks.Count == cached.Count, "a list's count is not its length");
        foreach (Block block in blocks)
        {
            Require(block.RefCount == held[block.Id], $"block {block.Id} counts {block.RefCount} holders and has {held[block.Id]}");
            Require(writers[block.Id] <= (block.IsSealed ? 0 : 1), $"block {block.Id} is sealed or another's, and would be written to");
            Require(freeBlocks.Contains(block) == (block.RefCount == 0 && !block.IsSealed), $"block {block.Id} is free and held or sealed, or lost");
            Require(cachedBlocks.Contains(block) == (block.RefCount == 0 && block.IsSealed), $"block {block.Id} is cached and held or empty, or lost");
            Require(index.Contains(block) == block.IsSealed, $"block {block.Id} is sealed and not findable, or the reverse");
            Require(block.Parent is null || (block.Parent.IsSealed && block.Parent.RefCount >= block.RefCount), $"block {block.Id} outlived its parent");
        }
        Require(index.Count == blocks.Count(block => block.IsSealed), "the index holds blocks that are not sealed");
    }

    private static int[] CountHolders(int blockCount, IEnumerable<Sequence> holders, int blockSize)
    {
        int[] held = new int[blockCount];
        foreach (Sequence sequence in holders)
        {
            foreach (int id in sequence.BlockIds.AsSpan(0, sequence.BlockCount)) held[id]++;
            if (sequence.SharedTail is { } tail) held[tail]++;
            Require(sequence.ComputedCount <= (sequence.SharedTail is null ? sequence.BlockCount * blockSize : sequence.PromptLength), $"sequence {sequence.Id} computed tokens that it has no blocks for");
            Require(sequence.SealedCount * blockSize <= sequence.ComputedCount, $"sequence {sequence.Id} sealed a block before it was full");
        }
        return held;
    }

    /// <summary>Counts who may go on writing to each block: those that are not past it.</summary>
    private static int[] CountWriters(int blockCount, IEnumerable<Sequence> holders, int blockSize)
    {
        int[] writers = new int[blockCount];
        foreach (Sequence sequence in holders)
            for (int i = sequence.ComputedCount / blockSize; i < sequence.BlockCount; i++) writers[sequence.BlockIds[i]]++;
        return writers;
    }

    private static void Require(bool law, string breach)
    {
        if (!law) throw new InvalidOperationException($"The block pool is broken: {breach}.");
    }
}
