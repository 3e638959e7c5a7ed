using Llama.Server.Bench.Measuring;

namespace Llama.Server.Tests.Bench;

public sealed class NumberRangeTests
{
    [Theory]
    [InlineData("128", 128, 128)]
    [InlineData("32..512", 32, 512)]
    [InlineData("7..7", 7, 7)]
    public void TryParse_NumberOrRange_DrawsAllOfItAndNothingElse(string text, int least, int most)
    {
        Assert.True(NumberRange.TryParse(text, out NumberRange? range));
        Assert.Equal(new NumberRange(least, most), range);
        Random random = new(1);
        int[] drawn = [.. Enumerable.Range(0, 10_000).Select(_ => range!.Draw(random))];
        Assert.Equal((least, most), (drawn.Min(), drawn.Max()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("9..3")]
    [InlineData("1..2..3")]
    [InlineData("1..")]
    [InlineData("..2")]
    [InlineData("1.5")]
    [InlineData("2147483647")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(NumberRange.TryParse(text, out _));
}
