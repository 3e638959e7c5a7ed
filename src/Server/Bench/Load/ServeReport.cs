using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Load;

/// <summary>What <c>bench serve</c> found.</summary>
internal sealed record ServeReport() : BenchReport("serve")
{
    public required ServePlan Settings { get; init; }

    /// <summary>By shape and server.</summary>
    public required ServeResult[] Results { get; init; }

    /// <summary>By shape; empty with one server.</summary>
    public required ServerComparison[] Comparisons { get; init; }

    // The servers may be elsewhere.
    protected override string Head => $"Load from {Machine}";

    /// <summary>Whether every column has answers and no failure.</summary>
    internal bool IsSound => Results.All(result => result is { Failed: 0, Completed: > 0 });

    protected override void WriteFigures(TextWriter output)
    {
        foreach (ServeResult server in Results.DistinctBy(result => result.Url)) output.WriteLine($"{server.Url}: {server.Model}");
        output.WriteLine(Workload());
        output.WriteLine();
        ToTable().Write(output);
        output.WriteLine();
        foreach (ServeResult result in Results) WriteErrors(output, result);
        foreach (ServerComparison comparison in Comparisons) WriteComparison(output, comparison);
    }

    private string Workload() =>
        (Settings.Dataset is { } file ? $"Requests of {file}" : $"Prompts of about {Settings.PromptTokens} tokens{Prefix()}, {Settings.NewTokens} new")
        + $", {Settings.Endpoint}, rounds: {Results[0].Rounds} after {Settings.WarmUp}, tokens counted by {string.Join(" or ", Results.Select(result => result.TokensCountedBy).Distinct())}";

    private string Prefix() => Settings.PrefixTokens == 0 ? "" : $" after one of {Settings.PrefixGroups} prefixes of {Settings.PrefixTokens}";

    private Table ToTable()
    {
        Table table = new(["", .. Results.Select(result => result.Shape.ToString())]);
        if (Comparisons.Length > 0) table.Add(["server", .. Results.Select(result => result.Url.Authority)]);
        Row("completed", result => $"{result.Completed} of {result.Sent}");
        Row("refused / failed", result => $"{result.Refused} / {result.Failed}");
        Row("prompt tokens, mean", result => Figures.Show((double)result.PromptTokens / result.Completed));
        Row("output tokens, mean", result => Figures.Show((double)result.OutputTokens / result.Completed));
        Row("requests/s", result => Figures.Show(result.RequestsPerS?.P50));
        Row("output tokens/s", result => Figures.Show(result.OutputTokensPerS?.P50));
        Row("all tokens/s", result => Figures.Show(result.TotalTokensPerS?.P50));
        if (Settings.Goodput is not null) Row("goodput, requests/s", result => Figures.Show(result.GoodRequestsPerS?.P50));
        Latency("time to first token, ms", result => result.TtftMs);
        Latency("time per output token, ms", result => result.TpotMs);
        Latency("inter-token latency, ms", result => result.InterTokenMs);
        Latency("end to end, ms", result => result.EndToEndMs);
        return table;

        void Row(string name, Func<ServeResult, string> cell) => table.Add([name, .. Results.Select(cell)]);

        void Latency(string name, Func<ServeResult, Distribution?> of)
        {
            Row($"{name}: mean", result => Figures.Show(of(result)?.Mean));
            Row("  P50", result => Figures.Show(of(result)?.P50));
            Row("  P95", result => Figures.Show(of(result)?.P95));
            Row("  P99", result => Figures.Show(of(result)?.P99));
        }
    }

    private static void WriteErrors(TextWriter output, ServeResult result)
    {
        foreach (RequestFault fault in result.Errors)
            output.WriteLine($"{result.Url.Authority}: {fault.Count} × {(fault.IsRefusal ? "refused, " : "")}{fault.Fault}: {fault.Example}");
    }

    private void WriteComparison(TextWriter output, ServerComparison comparison) => output.WriteLine(
        $"{Settings.Url.Authority} to {Settings.CompareUrl!.Authority}, {comparison.Shape}, {comparison.Pairs} pairs of rounds: output tokens/s {comparison.OutputTokensPerS}, "
        + $"time to first token {Or(comparison.TtftMs)}, time per output token {Or(comparison.TpotMs)}");

    private static string Or(ServerRatio? ratio) => ratio?.ToString() ?? Figures.None;
}
