namespace Llama.Scheduling.Blocks;

/// <summary>The blocks that one sequence holds, in the order of its tokens. A structure, so that it lies in its sequence, as <see cref="Sequences.KnownTokens"/> does.</summary>
internal struct BlockTable
{
    private static long _lastEdition; // of all tables there are

    private int[] _ids = [];

    public BlockTable() { }

    public int Count { get; private set; }

    /// <summary>A number that no other table has, and that this one keeps as long as blocks are only added. Batches keep their copies of tables by it.</summary>
    public long Edition { get; private set; } = NextEdition();

    public readonly ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Blocks at the table's start that are sealed.</summary>
    public int SealedCount { get; set; }

    /// <summary>
    /// The block, held beside the table, in which a fork's leader computed the end of their prompt. The first step that the fork is in copies it to the block of its own that follows in the
    /// table; null for most, and once that step is begun.
    /// </summary>
    public int? SharedTail { get; set; }

    /// <summary>Id of the block at a place.</summary>
    public int this[int place]
    {
        readonly get => _ids[place];
        set => (_ids[place], Edition) = (value, NextEdition());
    }

    /// <summary>Makes room for all blocks that there will ever be; the first call counts.</summary>
    public void Reserve(int count)
    {
        if (_ids.Length == 0) _ids = new int[count];
    }

    public void Add(int id) => _ids[Count++] = id;

    public void Clear()
    {
        Count = SealedCount = 0;
        Edition = NextEdition();
    }

    /// <inheritdoc cref="Sequences.Sequence.Touch"/>
    public readonly long Touch() => Count > 0 ? _ids[Count - 1] : 0;

    /// <summary>The ids of all that are held.</summary>
    public readonly int[] Copy() => SharedTail is { } tail ? [.. Ids, tail] : [.. Ids];

    private static long NextEdition() => Interlocked.Increment(ref _lastEdition);
}
