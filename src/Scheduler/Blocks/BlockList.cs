namespace Llama.Scheduling.Blocks;

/// <summary>A list linked through the blocks themselves: every operation is O(1) and allocates nothing.</summary>
internal sealed class BlockList
{
    private readonly Block _ends = new(-1, 0); // its Next is the first block, its Previous the last

    public BlockList() => _ends.Previous = _ends.Next = _ends;

    public int Count { get; private set; }

    public void AddFirst(Block block) => Link(_ends, block, _ends.Next!);

    public void AddLast(Block block) => Link(_ends.Previous!, block, _ends);

    public Block RemoveFirst()
    {
        Block first = _ends.Next!;
        Remove(first);
        return first;
    }

    public void Remove(Block block)
    {
        (block.Previous!.Next, block.Next!.Previous) = (block.Next, block.Previous);
        block.Previous = block.Next = null;
        Count--;
    }

    public IEnumerable<Block> Enumerate()
    {
        for (Block block = _ends.Next!; block != _ends; block = block.Next!) yield return block;
    }

    private void Link(Block previous, Block block, Block next)
    {
        (block.Previous, block.Next) = (previous, next);
        previous.Next = next.Previous = block;
        Count++;
    }
}
