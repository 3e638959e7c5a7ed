namespace Llama.Scheduling.Blocks;

/// <summary>One block of the KV cache, as the scheduler knows it: who holds it and, once it is sealed, which tokens it holds.</summary>
internal sealed class Block(int id, int size)
{
    private readonly int[] _tokens = new int[size];

    public int Id => id;

    /// <summary>Sequences that have the block in their table.</summary>
    public int RefCount { get; set; }

    /// <summary>A sealed block is full, computed and findable by its content. It never changes until it is evicted.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>The block before this one in every sequence that holds it; null for the first. A parent is never evicted before its children.</summary>
    public Block? Parent { get; private set; }

    /// <summary>Hash of this block's tokens and of all before them.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Links of the one <see cref="BlockList"/> that an unheld block is in.</summary>
    public Block? Previous { get; set; }

    /// <inheritdoc cref="Previous" />
    public Block? Next { get; set; }

    private ulong Salt { get; set; }

    public bool Holds(in BlockContent content) =>
        Hash == content.Hash && Parent == content.Parent && Salt == content.Salt && content.Tokens.SequenceEqual(_tokens);

    public void Seal(in BlockContent content)
    {
        (Parent, Salt, Hash, IsSealed) = (content.Parent, content.Salt, content.Hash, true);
        content.Tokens.CopyTo(_tokens);
    }

    public void Unseal() => (Parent, IsSealed) = (null, false);
}
