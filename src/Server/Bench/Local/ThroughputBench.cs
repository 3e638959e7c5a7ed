using System.Diagnostics;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>Runs a <see cref="ThroughputPlan"/>. Numbers of sequences at once take turns, each run with the same lengths.</summary>
internal sealed class ThroughputBench(ThroughputPlan plan, EngineSession session)
{
    private readonly Random _random = new(plan.Seed);
    private readonly List<ThroughputRun>[] _runs = [.. plan.Concurrency.Select(_ => new List<ThroughputRun>())];

    public static async Task<ThroughputReport> RunAsync(ThroughputPlan plan, Progress progress, CancellationToken cancellation)
    {
        await using EngineSession session = await EngineSession.StartAsync(plan.ServerSettings, cancellation);
        session.Require(plan.PromptTokens.Most + plan.NewTokens.Most, "--prompt-tokens and --new-tokens");
        ThroughputBench bench = new(plan, session);
        await bench.RunAsync(progress, cancellation);
        return bench.Report();
    }

    private async Task RunAsync(Progress progress, CancellationToken cancellation)
    {
        try
        {
            foreach (int run in RunNumbers.Of(plan.WarmUp, plan.Runs))
                for (int i = 0; i < _runs.Length; i++)
                {
                    progress.Begin($"{session.Name}: {plan.Sequences} sequences, {plan.Concurrency[i]} at once, {(run == RunNumbers.WarmUp ? "warm-up" : $"run {run + 1} of {plan.Runs}")}", plan.Sequences);
                    ThroughputRun made = await RunOnceAsync(plan.Concurrency[i], progress, cancellation);
                    if (run != RunNumbers.WarmUp) _runs[i].Add(made);
                }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What there is will be reported.
        }
        finally
        {
            progress.End();
        }
    }

    private async Task<ThroughputRun> RunOnceAsync(int concurrency, Progress progress, CancellationToken cancellation)
    {
        (int[] Prompt, int NewTokens)[] sequences = Draw();
        session.Runner.Take();
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => WorkAsync()));
        return new ThroughputRun(
            sequences.Sum(sequence => sequence.Prompt.Length), sequences.Sum(sequence => sequence.NewTokens), Stopwatch.GetElapsedTime(start).TotalSeconds, session.Runner.Take());

        async Task WorkAsync()
        {
            for (int i; (i = Interlocked.Increment(ref next)) < sequences.Length;)
            {
                await session.GenerateAsync(sequences[i].Prompt, sequences[i].NewTokens, cancellation);
                progress.Step();
            }
        }
    }

    /// <summary>The same lengths each time, other tokens.</summary>
    private (int[] Prompt, int NewTokens)[] Draw()
    {
        Random lengths = new(plan.Seed);
        return [.. Enumerable.Range(0, plan.Sequences).Select(_ => (session.RandomPrompt(_random, plan.PromptTokens.Draw(lengths)), plan.NewTokens.Draw(lengths)))];
    }

    private ThroughputReport Report() => new()
    {
        Model = BenchedModel.Of(session),
        Settings = plan,
        Results = [.. _runs.Select((runs, i) => ThroughputResult.Of(plan.Concurrency[i], runs, session.Description.ThreadCount))],
    };
}
