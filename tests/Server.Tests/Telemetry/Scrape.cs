using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.Server.Tests.Telemetry;

/// <summary>A scrape in Prometheus' text format, read strictly: a line that is none of the format fails the test.</summary>
internal sealed partial class Scrape
{
    public Scrape(string text)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#'))
            {
                Match comment = Comment.Match(line);
                Assert.True(comment.Success || line == "# EOF", line);
                if (comment.Groups["kind"].Value == "TYPE")
                    Assert.True(Types.TryAdd(comment.Groups["name"].Value, comment.Groups["text"].Value), $"{line} stands there twice");
                continue;
            }
            Match sample = Line.Match(line);
            Assert.True(sample.Success, line);
            var labels = Label.Matches(sample.Groups["labels"].Value).ToDictionary(label => label.Groups["key"].Value, label => label.Groups["value"].Value);
            double value = sample.Groups["value"].Value is "+Inf" ? double.PositiveInfinity : double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture);
            Samples.Add(new Sample(sample.Groups["name"].Value, labels, value));
        }
    }

    public Dictionary<string, string> Types { get; } = [];

    public List<Sample> Samples { get; } = [];

    public IEnumerable<Sample> Of(string name) => Samples.Where(sample => sample.Name == name);

    public sealed record Sample(string Name, Dictionary<string, string> Labels, double Value);

    [GeneratedRegex("^# (?<kind>TYPE|HELP|UNIT) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.*)$")]
    private static partial Regex Comment { get; }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*)\})? (?<value>[-+]?([0-9.]+([eE][-+]?[0-9]+)?|Inf)|NaN)( [0-9]+)?$""")]
    private static partial Regex Line { get; }

    [GeneratedRegex("(?<key>[a-zA-Z_][a-zA-Z0-9_]*)=\"(?<value>([^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label { get; }
}
