using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>What <c>bench latency</c> found.</summary>
internal sealed record LatencyReport() : BenchReport("latency")
{
    public required BenchedModel Model { get; init; }

    public required LatencyPlan Settings { get; init; }

    /// <summary>By length of prompt.</summary>
    public required LatencyResult[] Results { get; init; }

    /// <summary>Plain reads of as much memory; null where no CPU computes, and under a limit.</summary>
    public Distribution? MemoryReadGbPerS { get; init; }

    /// <summary>Plain reads of the weights that stream, by the threads that read them in steps and into the same memory; null if nothing streams.</summary>
    public Distribution? StreamReadGbPerS { get; init; }

    /// <summary>The same by a single thread; null where threads of their own read them in any case.</summary>
    public Distribution? SingleStreamReadGbPerS { get; init; }

    public PrefixResult? SeenPrefix { get; init; }

    /// <summary>Most memory until the model was loaded.</summary>
    public long? PeakLoadBytes { get; init; }

    /// <summary>Most memory in the runs, without the buffer of the plain reads.</summary>
    public long? PeakRunBytes { get; init; }

    /// <summary>Whether every run was made.</summary>
    internal bool IsWhole => Results.All(result => result.TtftMs?.Count == Settings.Runs);

    protected override void WriteFigures(TextWriter output)
    {
        Model.Write(output);
        output.WriteLine($"Batch {Settings.Batch}, {Settings.NewTokens} new tokens, {Results[0].TtftMs?.Count ?? 0} runs after {Settings.WarmUp}");
        foreach (LatencyResult result in Results) WriteResult(output, result);
        output.WriteLine();
        WriteMemory(output);
        if (SeenPrefix is { } prefix)
            output.WriteLine($"Prefix of {prefix.PrefixTokens} tokens, {prefix.CachedTokens} of them found: first token after {Figures.Show(prefix.UnseenTtftMs.P50)} ms unseen, {Figures.Show(prefix.SeenTtftMs.P50)} ms seen, ratio {Figures.Show(prefix.Ratio)}");
    }

    private static void WriteResult(TextWriter output, LatencyResult result)
    {
        Table table = new($"prompt of {result.PromptTokens}", "mean", "± std", "P50", "P95");
        Add("time to first token, ms", result.TtftMs);
        Add("prefill, tokens/s", result.PrefillTokensPerS);
        Add("time per output token, ms", result.TpotMs);
        Add("decode, tokens/s", result.DecodeTokensPerS);
        Add("end to end, ms", result.EndToEndMs);
        output.WriteLine();
        table.Write(output);

        void Add(string name, Distribution? of) => table.Add(name, Figures.Show(of?.Mean), Figures.Show(of?.Std), Figures.Show(of?.P50), Figures.Show(of?.P95));
    }

    private void WriteStreaming(TextWriter output, int promptTokens, StreamResult streaming)
    {
        string wait = streaming.WaitMs is { } ms ? $", and waits {Figures.Show(ms)} ms in each" : "", read = Rate(streaming.ReadMs, StreamReadGbPerS!), share = Share(streaming.ReadShare);
        if (streaming is { SingleReadMs: { } singleMs, SingleReadShare: { } singleShare })
            (read, share) = ($"by one thread {Rate(singleMs, SingleStreamReadGbPerS!)}, by all that multiply {read}", $"{Share(singleShare)} and {share}");
        output.WriteLine($"Streamed after a prompt of {promptTokens}: {Figures.Bytes((long)streaming.StepBytes)} a step; a plain read of them allows {read}; decoding makes {Figures.Show(1000 / streaming.StepMs)}, {share} of that{wait}");

        static string Rate(double ms, Distribution gbPerS) => $"{Figures.Show(1000 / ms)} steps/s ({Figures.Show(gbPerS.P50)} GB/s)";

        static string Share(double share) => $"{Figures.Show(100 * share)} %";
    }

    private void WriteMemory(TextWriter output)
    {
        output.WriteLine($"Weights {Figures.Bytes(Model.WeightBytes)}, of which each step reads {Figures.Bytes(Model.StepBytes)}");
        if (MemoryReadGbPerS is { } read)
            foreach (LatencyResult result in Results)
                output.WriteLine($"Weight bandwidth after a prompt of {result.PromptTokens}: {Figures.Show(result.WeightGbPerS)} GB/s, {Figures.Show(100 * result.WeightGbPerS / read.P50)} % of a plain read ({Figures.Show(read.P50)} GB/s, {Model.Threads} threads)");
        foreach (LatencyResult result in Results)
            if (result.Streaming is { } streaming) WriteStreaming(output, result.PromptTokens, streaming);
        if (Model.Stream is { } stream && StreamReadGbPerS is not null)
            output.WriteLine($"At start {Figures.Show(stream.BytesPerSecond / 1e9)} GB/s were measured: at most {Figures.Show(stream.StepsPerSecond)} steps/s of {Figures.Bytes(stream.StepBytes)} each");
        if (PeakLoadBytes is { } load && PeakRunBytes is { } run)
            output.WriteLine($"Peak memory {Figures.Bytes(load)} until loaded, {Figures.Bytes(run)} in the runs");
    }
}
