using System.Globalization;
using System.Xml.Linq;

namespace Llama.Server.Bench.Compare;

/// <summary>A part of a chart with a scale of its own, from 0 at its left edge.</summary>
/// <param name="left">Its left edge.</param>
/// <param name="width">Where its largest value lies.</param>
/// <param name="largest">That value; 0 when there is none.</param>
internal sealed class ChartPanel(double left, double width, double largest)
{
    private const int BarHeight = 20, CapHeight = 4;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly double _step = Step(largest);

    public double Left => left;

    /// <summary>Where a value lies.</summary>
    public double At(double value) => largest > 0 ? left + width * Math.Max(0, value) / largest : left;

    /// <summary>Lines at round values, with those below the heading.</summary>
    public IEnumerable<XElement> Grid(double top, double bottom)
    {
        for (double value = 0; value <= largest; value += _step)
        {
            yield return Path($"M{X(value)} {CompareChart.Number(top)}V{CompareChart.Number(bottom)}", "grid");
            yield return CompareChart.Text(value.ToString("0.####", CultureInfo.InvariantCulture), At(value), top - 8, "tick");
        }
    }

    public XElement Bar(double from, double to, double top, string kind) => new(Svg + "rect",
        new XAttribute("x", X(from)), new XAttribute("y", CompareChart.Number(top)), new XAttribute("width", CompareChart.Number(At(to) - At(from))),
        new XAttribute("height", BarHeight), new XAttribute("class", kind));

    /// <summary>An error bar.</summary>
    public XElement Whisker(double from, double to, double y) =>
        Path($"M{X(from)} {CompareChart.Number(y - CapHeight)}v{2 * CapHeight}m0 {-CapHeight}H{X(to)}m0 {-CapHeight}v{2 * CapHeight}", "whisker");

    /// <summary>The distance of grid lines: 1, 2 or 5 times a power of ten, so that there are three to seven.</summary>
    internal static double Step(double largest)
    {
        if (largest <= 0) return 1;
        double rough = largest / 4, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
    }

    private string X(double value) => CompareChart.Number(At(value));

    private static XElement Path(string path, string kind) => new(Svg + "path", new XAttribute("d", path), new XAttribute("class", kind));
}
