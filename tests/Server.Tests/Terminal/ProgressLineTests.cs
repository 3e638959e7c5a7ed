using Llama.Server.CommandLine;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Terminal;

public sealed class ProgressLineTests
{
    [Theory]
    [InlineData("quantising", 120, "quantising [####################                    ]  50 %")]
    [InlineData("quantising", 40, "quantising [##########          ]  50 %")]
    [InlineData("quantising", 25, "quantising  50 %")]
    [InlineData("quantising", 12, "quant  50 %")]
    [InlineData("quantising", 3, "  50 %")]
    [InlineData("llama-2-wordnet-8m: 64 sequences, 16 at once, run 1 of 3", 80, "llama-2-wordnet-8m: 64 sequences, 16 at once, run 1 of 3 [#######       ]  50 %")]
    public void Text_AnyTerminal_FitsOnOneLine(string doing, int columns, string expected) => Assert.Equal(expected, ProgressLine.Text(doing, 0.5, columns));

    [Fact]
    public void Text_AnyShareAndWidth_IsOfOneLengthAndShorterThanTheLine()
    {
        for (int columns = 8; columns < 100; columns++)
            Assert.InRange(Assert.Single(Enumerable.Range(0, 101).Select(percent => ProgressLine.Text("converting", percent / 100.0, columns).Length).Distinct()), 1, columns - 1);
    }

    [TerminalFact]
    public async Task Quantize_OnATerminal_ShowsItsProgressAndClearsIt()
    {
        using TempFolder folder = new("progress");
        await using TerminalProcess terminal = TerminalProcess.Start($"stty cols 40; PROGRAM quantize --type int8 --out '{folder.Path}/model'");

        Assert.Equal(0, await terminal.ExitAsync());
        string[] shown = [.. terminal.Screen.Split('\r', '\n').Where(line => line.StartsWith("quantising", StringComparison.Ordinal))];
        Assert.NotEmpty(shown);
        Assert.All(shown, line => Assert.InRange(line.Length, 1, 39));
        Assert.Contains($"\r{new string(' ', shown[^1].Length)}\r", terminal.Screen);
    }
}
