namespace Llama.Model.Parallel;

/// <summary>Which part of a weight, [outputs, inputs], a device holds.</summary>
/// <param name="Slice">Rows or columns.</param>
/// <param name="IsColumns">Whether it is columns.</param>
/// <param name="Total">Of how many.</param>
internal readonly record struct WeightPart(Slice Slice, bool IsColumns, int Total)
{
    /// <summary>Its share of the weight's bytes.</summary>
    public long ShareOf(long bytes) => (long)((Int128)bytes * Slice.Count / Total);
}
