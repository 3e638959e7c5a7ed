using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda;

/// <summary>Which graph a decode step is launched as.</summary>
public sealed class DecodeGraphsTests
{
    [Theory]
    [InlineData(1.0f, 1.1f, false)]
    [InlineData(1.1f, 1.0f, true)]
    public void Launch_WhereKernelsCanOverlap_IsOfTheFasterGraph(float plain, float overlapping, bool overlaps)
    {
        QuietDriver driver = new() { CanOverlap = true, TimeOf = overlap => overlap ? overlapping : plain };
        Assert.Equal([overlaps, overlaps], Launch(driver, 3, 1, 4)); // for four rows, and for one
        Assert.Equal(2, driver.OverlapCount);
    }

    [Fact]
    public void Launch_WhereTheDriverRefusesToOverlap_IsOfThePlainGraphAndAsksNoMore()
    {
        QuietDriver driver = new() { CanOverlap = true, RefusesToOverlap = true };
        Assert.Equal([false, false], Launch(driver, 1, 8, 1));
        Assert.Equal(1, driver.OverlapCount);
    }

    [Fact]
    public void Launch_WhereNothingCanOverlap_TriesNothing()
    {
        QuietDriver driver = new();
        Assert.Equal([false], Launch(driver, 1));
        Assert.Equal(0, driver.OverlapCount);
    }

    // Whether their kernels overlap, of the graphs that there are then; none may stay.
    private static bool[] Launch(QuietDriver driver, params int[] sequences)
    {
        using CudaStream stream = new(driver, driver);
        bool[] overlaps;
        using (DecodeGraphs graphs = new(stream, batch => null!, maxSequences: 8))
        {
            foreach (int count in sequences)
            {
                graphs.Launch(graphs.RowsFor(count));
                Assert.Contains(driver.Launched, driver.Graphs.Keys); // not one that is gone
            }
            overlaps = [.. driver.Graphs.Values];
        }
        Assert.Empty(driver.Graphs);
        return overlaps;
    }
}
