using Llama.Server.Bench.Measuring;

namespace Llama.Server.Tests.Bench;

public sealed class RunNumbersTests
{
    [Fact]
    public void Of_WithoutWarmUp_AreTheCountedOnesAlone() => Assert.Equal([0, 1, 2], RunNumbers.Of(warmUp: 0, runs: 3));

    [Fact]
    public void Of_AreAtLeastTheWarmUpsAndThenTheCountedOnes()
    {
        int[] all = [.. RunNumbers.Of(warmUp: 2, runs: 3)];
        Assert.True(all.Length >= 5);
        Assert.Equal([0, 1, 2], all[^3..]);
        Assert.All(all[..^3], run => Assert.Equal(RunNumbers.WarmUp, run));
    }
}
