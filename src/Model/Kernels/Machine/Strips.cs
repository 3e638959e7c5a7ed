namespace Llama.Model.Kernels.Machine;

/// <summary>Rows cut into the fewest strips of at most so many, as even as can be: first those that are one row longer, then the others.</summary>
/// <param name="Count">Strips.</param>
/// <param name="LongCount">Those of <see cref="Longest"/> rows.</param>
/// <param name="Shortest">Rows of the others.</param>
internal readonly record struct Strips(int Count, int LongCount, int Shortest)
{
    /// <summary>Rows of the longest strip.</summary>
    public int Longest => LongCount > 0 ? Shortest + 1 : Shortest;

    /// <summary>Rows of one strip.</summary>
    public int RowsOf(int strip) => strip < LongCount ? Shortest + 1 : Shortest;

    /// <summary>The strips one after the other.</summary>
    /// <param name="ahead">Weight rows of the next tile to be fetched, which they share out.</param>
    public IEnumerable<Strip> Cut(int ahead)
    {
        for (int strip = 0, first = 0; strip < Count; first += RowsOf(strip++)) yield return new Strip(first, RowsOf(strip), strip * ahead / Count, (strip + 1) * ahead / Count);
    }

    public static Strips Of(int rows, int most)
    {
        int count = (rows + most - 1) / most;
        return new Strips(count, rows % count, rows / count);
    }
}
