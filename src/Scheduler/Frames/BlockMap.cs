namespace Llama.Scheduling.Frames;

/// <summary>A picture of the pool: cells of one block each, or of as many as it takes to stay within a number of cells. Made from a frame, on any thread.</summary>
/// <param name="BlocksPerCell">Blocks of one cell; a power of two.</param>
/// <param name="Cells">From the first block to the last one that was ever used.</param>
public sealed record BlockMap(int BlocksPerCell, IReadOnlyList<BlockCells> Cells)
{
    private const int MostHolders = 8; // named per cell; a prefix may be shared by hundreds

    /// <param name="frame">What to picture.</param>
    /// <param name="mostCells">Most cells.</param>
    public static BlockMap Of(EngineFrame frame, int mostCells)
    {
        BlockState[] states = frame.Pool.States;
        int blocksPerCell = 1;
        while ((states.Length + blocksPerCell - 1) / blocksPerCell > mostCells) blocksPerCell *= 2;
        Cell[] cells = [.. Enumerable.Range(0, (states.Length + blocksPerCell - 1) / blocksPerCell).Select(_ => new Cell())];
        Count(states, cells, blocksPerCell);
        Assign(frame, cells, blocksPerCell);
        return new BlockMap(blocksPerCell, Join(cells));
    }

    private static void Count(BlockState[] states, Cell[] cells, int blocksPerCell)
    {
        for (int id = 0; id < states.Length; id++)
        {
            if (states[id] == BlockState.Held) cells[id / blocksPerCell].HeldCount++;
            if (states[id] == BlockState.Cached) cells[id / blocksPerCell].CachedCount++;
        }
    }

    private static void Assign(EngineFrame frame, Cell[] cells, int blocksPerCell)
    {
        byte[] holderCounts = new byte[frame.Pool.States.Length]; // 2 stands for any more
        for (int place = 0; place < frame.Sequences.Count; place++)
        {
            foreach (int id in frame.Sequences[place].BlockIds)
            {
                Cell cell = cells[id / blocksPerCell];
                if (holderCounts[id] < 2 && ++holderCounts[id] == 2) cell.SharedCount++;
                cell.Add(place);
            }
        }
    }

    private static List<BlockCells> Join(Cell[] cells)
    {
        List<BlockCells> runs = [];
        for (int start = 0, end; start < cells.Length; start = end)
        {
            Cell first = cells[start];
            for (end = start + 1; end < cells.Length && cells[end].IsLike(first);) end++;
            runs.Add(new BlockCells(end - start, first.HeldCount, first.SharedCount, first.CachedCount, first.HolderCount, first.Holders));
        }
        return runs;
    }

    private sealed class Cell
    {
        private int _last = -1;

        public int HeldCount { get; set; }

        public int SharedCount { get; set; }

        public int CachedCount { get; set; }

        public int HolderCount { get; private set; }

        public List<int> Holders { get; } = [];

        /// <summary>Notes a holder; all its blocks come one after another.</summary>
        public void Add(int place)
        {
            if (place == _last) return;
            _last = place;
            HolderCount++;
            if (Holders.Count < MostHolders) Holders.Add(place);
        }

        public bool IsLike(Cell other) =>
            (HeldCount, SharedCount, CachedCount, HolderCount) == (other.HeldCount, other.SharedCount, other.CachedCount, other.HolderCount) && Holders.SequenceEqual(other.Holders);
    }
}
