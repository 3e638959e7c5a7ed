using Llama.Server.Bench.Compare;
using Llama.Server.Bench.Local;

namespace Llama.Server.Tests.Bench.Compare;

public sealed class CompareRowTests
{
    private static readonly BenchedModel Model = new("m", "s", "d", "t", "k", Memory: null, 1000, 900, 1);
    private static readonly ModeMeasurement Reference = new(Model, [1], [2], [3], [7, 8, 9], [-1, -2, -3], null, null);

    [Fact]
    public void Of_OtherLogprobsAndText_TellsTheLargestDifferenceAndWhereTheTextParts()
    {
        ModeMeasurement measured = Reference with { NewIds = [7, 8, 5], Logprobs = [-1, -2.5f, -2.9f] };

        CompareRow row = CompareRow.Of(ComparedModes.All[0], [], measured, Reference);

        Assert.Equal(0.5, row.MaxLogprobDifference!.Value, 1e-6);
        Assert.Equal(0.2, row.MeanLogprobDifference!.Value, 1e-6);
        Assert.Equal((2, false), (row.EqualTokens, row.IsTextEqual));
        Assert.True(CompareRow.Of(ComparedModes.All[0], [], Reference, Reference).IsTextEqual);
    }

    [Fact]
    public void With_LaterProcess_HasAllRunsAndTheLargerPeaks()
    {
        ModeMeasurement one = Reference with { PeakLoadBytes = 10, PeakRunBytes = 20 }, later = Reference with { TtftMs = [4, 5], PeakLoadBytes = 30, PeakRunBytes = 15 };

        ModeMeasurement both = one.With(later);

        Assert.Equal([1, 4, 5], both.TtftMs);
        Assert.Equal((30, 20), (both.PeakLoadBytes!.Value, both.PeakRunBytes!.Value));
    }
}
