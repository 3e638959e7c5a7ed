using System.Globalization;
using System.Xml.Linq;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>The comparison as an SVG picture: a line for each mode, its rate in the left panel, its memory in the right one. It follows the reader's light or dark and holds no script.</summary>
internal static class CompareChart
{
    private const int LineHeight = 28, Top = 64, LabelWidth = 140, PanelWidth = 340, PanelGap = 100, Margin = 16;
    private const int Width = Margin + LabelWidth + 2 * (PanelWidth + PanelGap) + Margin;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static string Draw(CompareReport report)
    {
        int height = Top + report.Rows.Length * LineHeight + Margin;
        ChartPanel rates = new(Margin + LabelWidth, PanelWidth, report.Rows.Max(row => row.DecodeTokensPerS is { } rate ? rate.Mean + rate.Std : 0));
        long most = report.Rows.Max(row => row.PeakBytes ?? 0);
        (string unit, double bytes) = most >= 1 << 30 ? ("GiB", 1 << 30) : ("MiB", 1 << 20);
        ChartPanel memory = new(Margin + LabelWidth + PanelWidth + PanelGap, PanelWidth, most / bytes);
        XElement root = new(Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Width} {height}"), new XAttribute("role", "img"), new XAttribute("aria-labelledby", "title desc"),
            new XElement(Svg + "title", new XAttribute("id", "title"), $"Ways to run {report.Model}: tokens per second and peak memory"),
            new XElement(Svg + "desc", new XAttribute("id", "desc"), Description(report)),
            new XElement(Svg + "style", Style),
            Heading(rates, "tokens/s, mean ± standard deviation"), Heading(memory, $"peak memory, {unit}; darker: weights"),
            rates.Grid(Top, height - Margin), memory.Grid(Top, height - Margin),
            report.Rows.Select((row, i) => Line(row, Top + i * LineHeight, rates, memory, bytes)));
        return root.ToString();
    }

    private static XElement Heading(ChartPanel panel, string text) => Text(text, panel.Left, 24, "head");

    private static XElement Line(CompareRow row, int top, ChartPanel rates, ChartPanel memory, double unit)
    {
        XElement line = new(Svg + "g", Text(row.Mode, Margin + LabelWidth - 10, top + 18, "label"));
        if (row.DecodeTokensPerS is not { } rate)
        {
            line.Add(new XElement(Svg + "title", row.Failure), Text("did not run", rates.Left + 6, top + 18, "muted"));
            return line;
        }
        line.Add(rates.Bar(0, rate.Mean, top + 4, "rate"), rates.Whisker(rate.Mean - rate.Std, rate.Mean + rate.Std, top + 14));
        line.Add(Text(Figures.Show(rate.Mean), rates.At(rate.Mean + rate.Std) + 6, top + 18, "value"));
        if (row.PeakBytes is not { } peak) return line;
        double whole = peak / unit, weights = Math.Min(whole, row.Model!.WeightBytes / unit);
        line.Add(memory.Bar(0, whole, top + 4, "memory"), memory.Bar(0, weights, top + 4, "weights"), Text(Figures.Bytes(peak), memory.At(whole) + 6, top + 18, "value"));
        return line;
    }

    // What a reader who does not see it hears.
    private static string Description(CompareReport report) => string.Join(" ", report.Rows.Select(row => row.DecodeTokensPerS is { } rate
        ? $"{row.Mode}: {Figures.Show(rate.Mean)} ± {Figures.Show(rate.Std)} tokens per second{(row.PeakBytes is { } peak ? $", {Figures.Bytes(peak)}" : "")}."
        : $"{row.Mode}: did not run."));

    internal static XElement Text(string text, double x, double y, string kind) =>
        new(Svg + "text", new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("class", kind), text);

    internal static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private const string Style = """

        svg { --ink: #1f2328; --soft: #656d76; --line: #d0d7de; --rate: #0969da; --memory: #d4a72c; --weights: #9a6700; font: 13px system-ui, sans-serif; }
        @media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --soft: #8d96a0; --line: #30363d; --rate: #58a6ff; --memory: #e3b341; --weights: #9e6a03; } }
        text { fill: var(--ink); } .head { font-weight: 600; } .label { text-anchor: end; } .muted, .tick { fill: var(--soft); } .tick { font-size: 11px; text-anchor: middle; }
        .rate { fill: var(--rate); } .memory { fill: var(--memory); } .weights { fill: var(--weights); } .grid { stroke: var(--line); } .whisker { stroke: var(--ink); fill: none; }

        """;
}
