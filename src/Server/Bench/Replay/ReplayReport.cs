using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Replay;

/// <summary>What <c>bench replay</c> found.</summary>
internal sealed record ReplayReport() : BenchReport("replay")
{
    public required string File { get; init; }

    /// <summary>Of the server, as given.</summary>
    public required string[] Settings { get; init; }

    public required double StepMs { get; init; }

    public required double TokenMs { get; init; }

    /// <summary>Most tokens that a step computes.</summary>
    public required int StepTokens { get; init; }

    /// <summary>By size of the KV cache.</summary>
    public required ReplayResult[] Results { get; init; }

    protected override string Head => $"{File}, with {StepMs} ms a step and {TokenMs} ms for each of its tokens, {StepTokens} at most";

    protected override void WriteFigures(TextWriter output)
    {
        output.WriteLine();
        Table table = new("cache, tokens", "requests", "steps", "tokens/step", "preemptions", "prefix hits, %", "waiting, ms", "duration, s");
        foreach (ReplayResult result in Results)
            table.Add(
                $"{result.CacheTokens}", $"{result.Requests}", $"{result.Steps}", Figures.Show(result.TokensPerStep), $"{result.Preemptions}", Figures.Show(100 * result.PrefixHitRate),
                Figures.Show(result.MeanQueueMs), Figures.Show(result.DurationS));
        table.Write(output);
        output.WriteLine();
    }
}
