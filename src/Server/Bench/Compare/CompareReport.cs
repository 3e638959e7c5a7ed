using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>What <c>bench latency --compare</c> found.</summary>
internal sealed record CompareReport() : BenchReport("compare")
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Layers, heads, vocabulary, parameters.</summary>
    public required string Shape { get; init; }

    public required ComparePlan Settings { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>The mode that differences are to; null when none ran.</summary>
    public required string? Reference { get; init; }

    public required CompareRow[] Rows { get; init; }

    /// <summary>What was measured, of what, how often.</summary>
    internal string Title => $"{Model}: {Shape}; prompt of {PromptTokens} tokens, {Settings.NewTokens} new ones, {Settings.Runs} runs in {Settings.Rounds} rounds after {Settings.WarmUp} each";

    protected override void WriteFigures(TextWriter output)
    {
        output.WriteLine(Title);
        output.WriteLine();
        Table table = new(CompareTable.Header);
        foreach (CompareRow row in Rows) table.Add(CompareTable.Cells(row, Reference));
        table.Write(output);
        output.WriteLine();
        foreach (CompareRow row in Rows.Where(row => row.Failure is not null)) output.WriteLine($"{row.Mode} did not run: {row.Failure}");
    }
}
