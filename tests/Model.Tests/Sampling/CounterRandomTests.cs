using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

public sealed class CounterRandomTests
{
    [Fact]
    public void Uniform_OverPositionsAndOverSeeds_FillsTheUnitIntervalEvenly()
    {
        Assert.InRange(ChiSquare(i => CounterRandom.Uniform(42, i)), 0, 149); // 99 degrees of freedom, 0.1 %
        Assert.InRange(ChiSquare(i => CounterRandom.Uniform((ulong)i, 7)), 0, 149);
    }

    [Fact]
    public void Uniform_NeighbouringSeeds_AreNotOneStreamShifted()
    {
        var first = Enumerable.Range(0, 1000).Select(i => CounterRandom.Uniform(1, i)).ToHashSet();
        Assert.DoesNotContain(Enumerable.Range(0, 1000), i => first.Contains(CounterRandom.Uniform(2, i)));
    }

    // Seeds that users wrote down keep their meaning from one version to the next.
    [Fact]
    public void Uniform_KnownArguments_NeverChanges() => Assert.Equal(KnownDraw, CounterRandom.Uniform(seed: 1234, position: 56));

    private const double KnownDraw = 0.8755185207973469;

    private static double ChiSquare(Func<int, double> draw)
    {
        const int draws = 100_000, cells = 100;
        int[] counts = new int[cells];
        for (int i = 0; i < draws; i++) counts[(int)(draw(i) * cells)]++;
        return counts.Sum(count => Math.Pow(count - draws / cells, 2) / (draws / cells));
    }
}
