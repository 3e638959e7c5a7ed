namespace Llama.Model;

/// <summary>
/// What a row of block tables shows: the first <paramref name="Count"/> blocks of a sequence's table. A table that only grew at its end keeps its edition; any other change gives it a new one, and no two tables
/// share one. So a row of the same edition is brought up to date by copying the entries behind those that it has: one for each block that a decoding sequence fills.
/// </summary>
/// <param name="Edition">Of the table; 0 where it is not known: then the whole row is copied each time.</param>
/// <param name="Count">Blocks.</param>
internal readonly record struct ShownBlocks(long Edition, int Count)
{
    /// <summary>Entries that a row showing this has in common with one that shows more of it, or something else.</summary>
    public int KeptFor(ShownBlocks next) => Edition == next.Edition && Edition != 0 ? Math.Min(Count, next.Count) : 0;
}
