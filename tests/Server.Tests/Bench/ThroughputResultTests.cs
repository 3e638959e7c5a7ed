using Llama.Server.Bench.Local;

namespace Llama.Server.Tests.Bench;

/// <summary>Which column a step's time belongs to.</summary>
public sealed class ThroughputResultTests
{
    [Fact]
    public void Of_StepsThatDecodeFewerSequences_CountsThemAsNeitherDecodeNorMixed()
    {
        StepTime[] steps = [Step(tokens: 40, samples: 4, 9), Step(4, 4, 2), Step(3, 3, 1), Step(1, 1, 1), Step(64, 0, 11)];

        ThroughputResult result = ThroughputResult.Of(4, [new ThroughputRun(100, 12, 1, steps)], threads: 2);

        Assert.Equal((1, 2), (result.DecodeStepMs!.Count, result.DecodeStepMs.P50));
        Assert.Equal((2, 10), (result.MixedStepMs!.Count, result.MixedStepMs.Mean));
    }

    private static StepTime Step(int tokens, int samples, double milliseconds) => new(tokens, samples, milliseconds, 0, default);
}
