using Llama.Server.CommandLine.Terminal;

namespace Llama.Server.Tests.Terminal;

public sealed class AnswerTests
{
    /// <summary>Tokens that came within a moment were made before: how fast, only all of the time tells.</summary>
    [Theory]
    [InlineData(1000, 2000, 10)] // ten after the first in one second
    [InlineData(1098, 1100, 10)] // eleven in 1.1 seconds
    [InlineData(null, 1100, 10)]
    public void Rate_OfElevenTokens_IsThatOfTheTimeTheyWereMadeIn(int? first, int total, double rate)
    {
        Answer answer = new() { OutputTokens = 11, First = first is { } after ? TimeSpan.FromMilliseconds(after) : null, Total = TimeSpan.FromMilliseconds(total) };

        Assert.Equal(rate, answer.Rate!.Value, 1e-9);
    }
}
