using System.Globalization;
using System.Xml.Linq;
using Llama.Server.Bench.Compare;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Tests.Bench.Compare;

public sealed class CompareChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Draw_Rows_BarsAreAsLongAsWhatTheyStandFor()
    {
        XElement chart = XElement.Parse(CompareChart.Draw(Report(Row("a", 50, 2L << 30, weights: 1L << 30), Row("b", 200, 4L << 30, weights: 3L << 30))));

        double[] rates = Widths(chart, "rate"), memory = Widths(chart, "memory"), weights = Widths(chart, "weights");
        Assert.Equal(4, rates[1] / rates[0], 0.02);
        Assert.Equal(2, memory[1] / memory[0], 0.02);
        Assert.Equal(0.75, weights[1] / memory[1], 0.02);
        Assert.Equal(2, chart.Descendants(Svg + "path").Count(path => (string?)path.Attribute("class") == "whisker"));
    }

    [Fact]
    public void Draw_ModeThatDidNotRun_KeepsItsLineAndSaysWhyToWhoeverAsks()
    {
        XElement chart = XElement.Parse(CompareChart.Draw(Report(Row("a", 50, 1 << 20, weights: 1), CompareRow.Failed(ComparedModes.All[0], [], "needs <two> devices & more"))));

        Assert.Contains(chart.Descendants(Svg + "text"), text => text.Value == "did not run");
        Assert.Contains(chart.Descendants(Svg + "title"), title => title.Value == "needs <two> devices & more");
        Assert.Contains("a: 50.0 ± 1.00 tokens per second", chart.Element(Svg + "desc")!.Value);
        Assert.Contains("prefers-color-scheme: dark", chart.Element(Svg + "style")!.Value);
        Assert.Empty(chart.Descendants(Svg + "script"));
    }

    [Fact]
    public void Draw_NothingRan_IsStillAPicture() => Assert.Empty(Widths(XElement.Parse(CompareChart.Draw(Report(CompareRow.Failed(ComparedModes.All[0], [], "no")))), "rate"));

    [Fact]
    public void Step_AnyScale_GivesThreeToSevenRoundLines()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            double largest = Math.Pow(10, random.NextDouble() * 12 - 4), step = ChartPanel.Step(largest);
            Assert.InRange((int)(largest / step), 2, 6);
            Assert.Contains((step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9))).ToString("0.###", CultureInfo.InvariantCulture), (string[])["1", "2", "5"]);
        }
    }

    private static double[] Widths(XElement chart, string kind) =>
        [.. chart.Descendants(Svg + "rect").Where(bar => (string?)bar.Attribute("class") == kind).Select(bar => double.Parse((string)bar.Attribute("width")!, CultureInfo.InvariantCulture))];

    private static CompareRow Row(string name, double rate, long peak, long weights) => new(name, "", [], null)
    {
        Model = new BenchedModel("m", "s", "d", "t", "k", Memory: null, weights, weights, 1),
        DecodeTokensPerS = new Distribution(10, rate, 1, rate, rate, rate, rate, rate),
        PeakRunBytes = peak,
        PeakLoadBytes = 0,
    };

    private static CompareReport Report(params CompareRow[] rows) => new()
    {
        Model = "m",
        Shape = "s",
        Settings = new ComparePlan([], null, 8, 8, 2, 10, 2, 1, []),
        PromptTokens = 8,
        Reference = null,
        Rows = rows,
    };
}
