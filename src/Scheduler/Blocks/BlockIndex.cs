namespace Llama.Scheduling.Blocks;

/// <summary>Finds sealed blocks by their content.</summary>
internal sealed class BlockIndex
{
    private readonly HashSet<Block> _blocks;
    private readonly HashSet<Block>.AlternateLookup<BlockContent> _byContent;

    public BlockIndex(int capacity)
    {
        _blocks = new HashSet<Block>(capacity, new Comparer());
        _byContent = _blocks.GetAlternateLookup<BlockContent>();
    }

    public int Count => _blocks.Count;

    public Block? Find(in BlockContent content) => _byContent.TryGetValue(content, out Block? block) ? block : null;

    public bool Contains(Block block) => _blocks.Contains(block);

    public void Add(Block block) => _blocks.Add(block);

    public void Remove(Block block) => _blocks.Remove(block);

    private sealed class Comparer : IEqualityComparer<Block>, IAlternateEqualityComparer<BlockContent, Block>
    {
        public bool Equals(Block? one, Block? other) => ReferenceEquals(one, other);

        public int GetHashCode(Block block) => (int)block.Hash;

        public bool Equals(BlockContent content, Block block) => block.Holds(content);

        public int GetHashCode(BlockContent content) => (int)content.Hash;

        public Block Create(BlockContent content) => throw new NotSupportedException();
    }
}
