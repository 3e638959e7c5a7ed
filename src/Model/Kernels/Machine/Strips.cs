namespace Llama.Model.Kernels.Machine;

/// <summary>Rows cut into the fewest strips of at most so many: first those that are longer, then the others.</summary>
/// <param name="Count">Strips.</param>
/// <param name="LongCount">The longer ones.</param>
/// <param name="Longest">Rows of these, or of all.</param>
/// <param name="Shortest">Rows of the others.</param>
internal readonly record struct Strips(int Count, int LongCount, int Longest, int Shortest)
{
    /// <summary>Rows of one strip.</summary>
    public int RowsOf(int strip) => strip < LongCount ? Longest : Shortest;

    /// <summary>The strips one after the other.</summary>
    /// <param name="ahead">Weight rows of the next tile to be fetched, which they share out.</param>
    public IEnumerable<Strip> Cut(int ahead)
    {
        for (int strip = 0, first = 0; strip < Count; first += RowsOf(strip++)) yield return new Strip(first, RowsOf(strip), strip * ahead / Count, (strip + 1) * ahead / Count);
    }

    /// <summary>As even as can be.</summary>
    public static Strips Of(int rows, int most)
    {
        int count = (rows + most - 1) / most, longer = rows % count, shortest = rows / count;
        return new Strips(count, longer, longer > 0 ? shortest + 1 : shortest, shortest);
    }

    /// <summary>As long as can be, and what is left.</summary>
    public static Strips Full(int rows, int most)
    {
        int full = rows / most, rest = rows % most;
        return rest == 0 ? new Strips(full, full, most, most) : new Strips(full + 1, full, full > 0 ? most : rest, rest);
    }
}
