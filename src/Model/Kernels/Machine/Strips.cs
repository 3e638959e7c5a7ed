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

    public static Strips Of(int rows, int most)
    {
        int count = (rows + most - 1) / most;
        return new Strips(count, rows % count, rows / count);
    }
}
