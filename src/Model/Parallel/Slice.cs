namespace Llama.Model.Parallel;

/// <summary>Neighbouring heads, rows or columns: what one device holds of them.</summary>
/// <param name="Start">The first.</param>
/// <param name="Count">How many; 0 for none.</param>
internal readonly record struct Slice(int Start, int Count)
{
    /// <summary>The first behind them.</summary>
    public int End => Start + Count;

    /// <summary>The same in finer pieces: heads as the rows that they consist of.</summary>
    public Slice Times(int pieces) => new(Start * pieces, Count * pieces);

    /// <summary>
    /// One of several slices that together are [0, total): cut at multiples of a unit, as evenly as whole units allow, larger slices first. What fills no unit comes last.
    /// </summary>
    /// <param name="total">What is cut.</param>
    /// <param name="unit">What stays whole.</param>
    /// <param name="count">Slices.</param>
    /// <param name="index">Which.</param>
    public static Slice Of(int total, int unit, int count, int index)
    {
        int units = (total + unit - 1) / unit;
        return Between(index, index + 1);

        Slice Between(int first, int next)
        {
            int start = StartOf(first);
            return new Slice(start, StartOf(next) - start);
        }

        int StartOf(int slice) => Math.Min(total, (units / count * slice + Math.Min(slice, units % count)) * unit);
    }
}
