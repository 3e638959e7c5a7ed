using Llama.Model.Kernels;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

[HoldsTensors]
public sealed class RowSwitchTests
{
    [Theory]
    [InlineData(1, 8)] // worth it at once
    [InlineData(15, 16)]
    [InlineData(16, 16)]
    [InlineData(40, 48)]
    [InlineData(1000, 96)] // never within what is measured
    public void Measure_WayForManyWinsFromSomeRowsOn_SwitchesThere(int winsFrom, int expected)
    {
        ManualClock clock = new();
        using DenseWeight weight = new(Matrix.Of(zeros(2, 2)));
        RowSwitch rows = new(isFixed: false);
        rows.Measure([weight, weight], (count, _, isMany) => clock.Advance(TimeSpan.FromMilliseconds(isMany ? count + (2 * winsFrom) - 1 : 3 * count)), clock);
        Assert.False(rows.IsMany(expected - 1, weight));
        Assert.True(rows.IsMany(expected, weight));
    }

    [Fact]
    public void Measure_WayForManyWinsOnceTooEarly_IsNotSwitchedTo()
    {
        ManualClock clock = new();
        using DenseWeight weight = new(Matrix.Of(zeros(2, 2)));
        RowSwitch rows = new(isFixed: false);
        rows.Measure([weight], (count, _, isMany) => clock.Advance(TimeSpan.FromMilliseconds(isMany == (count is 8 or >= 24) ? 1 : 2)), clock);
        Assert.False(rows.IsMany(23, weight));
        Assert.True(rows.IsMany(24, weight));
    }

    [Fact]
    public void Measure_DisturbedMachine_SwitchesWhereTheQuietOneDoesOrBeside()
    {
        using DenseWeight weight = new(Matrix.Of(zeros(2, 2)));
        for (int seed = 0; seed < 50; seed++)
        {
            ManualClock clock = new();
            Random random = new(seed);
            RowSwitch rows = new(isFixed: false);
            rows.Measure([weight], (count, _, isMany) => clock.Advance(TimeSpan.FromMicroseconds((isMany ? 1000 + 50 * count : 100 * count) * Disturbance(random))), clock); // equal at 20 rows
            Assert.False(rows.IsMany(15, weight), $"seed {seed}");
            Assert.True(rows.IsMany(32, weight), $"seed {seed}");
        }

        static double Disturbance(Random random) => random.Next(2) == 0 ? 1 + random.NextDouble() * 9 : 0.95 + random.NextDouble() / 10;
    }

    [Fact]
    public void Measure_Fixed_NeverSwitchesNorMeasures()
    {
        using DenseWeight weight = new(Matrix.Of(zeros(2, 2)));
        RowSwitch rows = new(isFixed: true);
        rows.Measure([weight], (_, _, _) => Assert.Fail("measured"), TimeProvider.System);
        Assert.False(rows.IsMany(int.MaxValue - 1, weight));
    }
}
