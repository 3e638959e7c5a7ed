using Llama.Model.Parallel;

namespace Llama.Model.Tests.Parallel;

public sealed class SpreadSwitchTests
{
    [Theory]
    [InlineData(2, 1, 2)] // a memory for each: at once
    [InlineData(2, 1.3, 8)]
    [InlineData(2, 2, 32)]
    [InlineData(4, 2, 16)]
    [InlineData(2, 9, int.MaxValue)] // never within what is measured
    public void Find_ReadingBesideOthersIsSlower_SpreadsWhereRowsMakeUpForIt(int stages, double slower, int expected)
    {
        const double reading = 10, row = 1;
        Assert.Equal(expected, SpreadSwitch.Find(stages, rows => reading + row * rows, rows => slower * reading + row * rows));
    }

    [Fact]
    public void Find_MachineDisturbsHalfOfTheMeasurements_MostlyFindsWhatAQuietOneWouldOrBeside()
    {
        int near = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            if (SpreadSwitch.Find(2, rows => (10 + rows) * Disturbance(random), rows => (15 + rows) * Disturbance(random)) is 8 or 16 or 32) near++; // equal at 10 rows
        }
        Assert.True(near >= 180, $"{near} of 200");

        static double Disturbance(Random random) => random.Next(2) == 0 ? 1 + random.NextDouble() * 9 : 0.97 + random.NextDouble() * 0.06;
    }
}
