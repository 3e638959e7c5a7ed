using System.Globalization;
using System.Text;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>The comparison as rows of text, on the screen and in Markdown.</summary>
internal static class CompareTable
{
    public static readonly string[] Header =
        ["mode", "first token, ms", "P50", "P95", "answer, ms", "P50", "P95", "tokens/s", "weights", "peak memory", "Δ log-prob.", "same text"];

    /// <param name="row">One mode.</param>
    /// <param name="reference">The mode that differences are to.</param>
    public static string[] Cells(CompareRow row, string? reference) =>
    [
        row.Mode, Spread(row.TtftMs), Figures.Show(row.TtftMs?.P50), Figures.Show(row.TtftMs?.P95), Spread(row.AnswerMs), Figures.Show(row.AnswerMs?.P50), Figures.Show(row.AnswerMs?.P95),
        Spread(row.DecodeTokensPerS), Bytes(row.Model?.WeightBytes), Bytes(row.PeakBytes), row.Mode == reference ? "reference" : Difference(row.MaxLogprobDifference), Text(row),
    ];

    /// <summary>The whole report for a document.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="chart">Path of the chart, as the document is to name it; null for none.</param>
    public static string Markdown(CompareReport report, string? chart)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Title}. {report.Machine}.").AppendLine();
        if (chart is not null) text.AppendLine(CultureInfo.InvariantCulture, $"![Tokens per second and peak memory of each mode]({chart})").AppendLine();
        Line(text, [.. Header, "counterpart"]);
        Line(text, [.. Header.Select((_, column) => column == 0 ? ":--" : "--:"), ":--"]);
        foreach (CompareRow row in report.Rows) Line(text, [.. Cells(row, report.Reference), row.Failure is { } failure ? $"{row.Counterpart}; did not run: {failure}" : row.Counterpart]);
        return text.ToString();
    }

    private static void Line(StringBuilder text, string[] cells) => text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");

    private static string Spread(Distribution? of) => of is null ? Figures.None : $"{Figures.Show(of.Mean)} ± {Figures.Show(of.Std)}";

    private static string Bytes(long? bytes) => bytes is { } known ? Figures.Bytes(known) : Figures.None;

    // Differences span orders of magnitude; two digits tell all that they mean.
    private static string Difference(double? value) => value is { } difference ? difference.ToString("G2", CultureInfo.InvariantCulture) : Figures.None;

    private static string Text(CompareRow row) => row.IsTextEqual switch
    {
        null => Figures.None,
        true => "yes",
        false => string.Create(CultureInfo.InvariantCulture, $"{row.EqualTokens} tokens"),
    };
}
