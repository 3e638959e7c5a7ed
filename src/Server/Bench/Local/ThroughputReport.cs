using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>What <c>bench throughput</c> found.</summary>
internal sealed record ThroughputReport() : BenchReport("throughput")
{
    public required BenchedModel Model { get; init; }

    public required ThroughputPlan Settings { get; init; }

    /// <summary>By number of sequences at once.</summary>
    public required ThroughputResult[] Results { get; init; }

    /// <summary>Whether every run was made.</summary>
    internal bool IsWhole => Results.All(result => result.TokensPerS?.Count == Settings.Runs);

    protected override void WriteFigures(TextWriter output)
    {
        Model.Write(output);
        output.WriteLine($"{Settings.Sequences} sequences of {Settings.PromptTokens} prompt and {Settings.NewTokens} new tokens, medians of {Results[0].TokensPerS?.Count ?? 0} runs after {Settings.WarmUp}");
        output.WriteLine();
        Table table = new("at once", "tokens/s", "prompt/s", "new/s", "ratio", "decode step, ms", "P95", "mixed step, ms", "P95", "host, ms", "tokens/step");
        foreach (ThroughputResult result in Results)
            table.Add(
                $"{result.Concurrency}", Figures.Show(result.TokensPerS?.P50), Figures.Show(result.PromptTokensPerS?.P50), Figures.Show(result.NewTokensPerS?.P50),
                Figures.Show(result.NewTokensPerS?.P50 / Results[0].NewTokensPerS?.P50),
                Figures.Show(result.DecodeStepMs?.P50), Figures.Show(result.DecodeStepMs?.P95), Figures.Show(result.MixedStepMs?.P50), Figures.Show(result.MixedStepMs?.P95), Figures.Show(result.HostStepMs?.P50), Figures.Show(result.TokensPerStep));
        table.Write(output);
        output.WriteLine();
    }
}
