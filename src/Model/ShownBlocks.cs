namespace Llama.Model;

/// <summary>
/// What a row of block tables shows: the first so many blocks of a table. Tables grow at their end; one that changes in any other way has another edition from then on, and no two tables have the same.
/// So a row that lags behind is brought up to date with the entries that it lacks, of which a decoding sequence has one for each block that it fills.
/// </summary>
/// <param name="Edition">Which table; 0 where nobody says: then the row is as long as there is room, and may be another one each time.</param>
/// <param name="Count">Blocks.</param>
internal readonly record struct ShownBlocks(long Edition, int Count)
{
    /// <summary>Entries that a row showing this has in common with one that shows more of it, or something else.</summary>
    public int KeptFor(ShownBlocks next) => Edition == next.Edition && Edition != 0 ? Math.Min(Count, next.Count) : 0;
}
