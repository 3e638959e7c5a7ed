using Llama.Server.Bench.Measuring;

namespace Llama.Server.Tests.Bench;

public sealed class DistributionTests
{
    [Theory] // numpy.percentile([15, 20, 35, 40, 50], p)
    [InlineData(0, 15)]
    [InlineData(25, 20)]
    [InlineData(40, 29)]
    [InlineData(50, 35)]
    [InlineData(95, 48)]
    [InlineData(99, 49.6)]
    [InlineData(100, 50)]
    public void Percentile_OfKnownValues_IsNumPys(double percent, double expected) => Assert.Equal(expected, Distribution.Percentile([15, 20, 35, 40, 50], percent), 1e-9);

    [Fact]
    public void Of_KnownValues_HasTheirMoments()
    {
        Distribution of = Distribution.Of([4, 2, 6, 8])!;

        Assert.Equal((4, 5, 2, 8), (of.Count, of.Mean, of.Min, of.Max));
        Assert.Equal(Math.Sqrt(20.0 / 3), of.Std, 1e-12); // of a sample: 20 by n − 1
        Assert.Equal(5, of.P50);
    }

    [Fact]
    public void Of_NothingOrOneValue_HasNoSpread()
    {
        Assert.Null(Distribution.Of([]));
        Assert.Equal(new Distribution(1, 7, 0, 7, 7, 7, 7, 7), Distribution.Of([7]));
    }

    [Fact]
    public void Of_AnyValues_ScalesAndShiftsWithThem()
    {
        Random random = new(1);
        for (int i = 0; i < 200; i++)
        {
            double[] values = [.. Enumerable.Range(0, random.Next(1, 50)).Select(_ => random.NextDouble())];
            Distribution of = Distribution.Of(values)!, moved = Distribution.Of(values.Select(value => (3 * value) + 2))!;

            Assert.Equal((3 * of.P95) + 2, moved.P95, 1e-9);
            Assert.Equal((3 * of.Mean) + 2, moved.Mean, 1e-9);
            Assert.Equal(3 * of.Std, moved.Std, 1e-9);
            Assert.True(of.Min <= of.P50 && of.P50 <= of.P95 && of.P95 <= of.P99 && of.P99 <= of.Max);
        }
    }
}
