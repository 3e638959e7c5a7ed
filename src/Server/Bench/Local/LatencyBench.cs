using Llama.Model.Offload;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Local;

/// <summary>Runs a <see cref="LatencyPlan"/>. Whatever is compared takes turns within each run, so that a slow minute of the machine hits all of it.</summary>
internal sealed class LatencyBench
{
    private readonly LatencyPlan _plan;
    private readonly EngineSession _session;
    private readonly MemoryRead? _memory; // null where no CPU computes, and under a limit, which it would have to share
    private readonly Random _random;
    private readonly List<LatencyRun>[] _runs; // [prompt lengths]
    private readonly List<double> _reads = [], _streamReads = [], _singleReads = []; // GB/s
    private readonly List<GenerationTimes> _unseen = [], _seen = [];

    private LatencyBench(LatencyPlan plan, EngineSession session)
    {
        (_plan, _session, _random) = (plan, session, new Random(plan.Seed));
        _runs = [.. plan.PromptTokens.Select(_ => new List<LatencyRun>())];
        int threads = session.Description.ThreadCount;
        _memory = threads == 0 || session.Description.Memory is not null ? null : new MemoryRead(session.Description.StepBytes, threads);
    }

    public static async Task<LatencyReport> RunAsync(LatencyPlan plan, Progress progress, CancellationToken cancellation)
    {
        await using EngineSession session = await EngineSession.StartAsync(plan.ServerSettings, cancellation);
        Check(plan, session);
        long? loadPeak = ProcessMemory.PeakBytes();
        LatencyBench bench = new(plan, session);
        ProcessMemory.ResetPeak();
        await bench.RunAsync(progress, cancellation);
        long? runPeak = ProcessMemory.PeakBytes() - (bench._memory?.ByteCount ?? 0);
        return bench.Report(loadPeak, runPeak);
    }

    private static void Check(LatencyPlan plan, EngineSession session)
    {
        session.Require(plan.PromptTokens.Max() + plan.NewTokens, "--prompt-tokens and --new-tokens");
        if (plan.SeenPrefix == 0) return;
        session.Require(plan.SeenPrefix + plan.PromptTokens[0] + 1, "--seen-prefix and --prompt-tokens");
        if (!session.Scheduler.PrefixCache) throw new VerbException("--seen-prefix measures the prefix cache, but Scheduler:PrefixCache is false. Set it to true.");
    }

    private async Task RunAsync(Progress progress, CancellationToken cancellation)
    {
        try
        {
            progress.Begin($"{_session.Name}: {_plan.Runs} runs after warming up", _plan.Runs);
            foreach (int run in RunNumbers.Of(_plan.WarmUp, _plan.Runs))
            {
                bool counts = run != RunNumbers.WarmUp;
                await RunOnceAsync(counts, cancellation);
                if (counts) progress.Step();
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

    private async Task RunOnceAsync(bool counts, CancellationToken cancellation)
    {
        for (int i = 0; i < _runs.Length; i++)
        {
            LatencyRun run = await BatchAsync(_plan.PromptTokens[i], cancellation);
            if (counts) _runs[i].Add(run);
        }
        if (_plan.SeenPrefix > 0) await PrefixAsync(counts, cancellation);
        if (!counts) return;
        if (_memory is not null) _reads.Add(_memory.Measure());
        if (_session.Description.Memory is null || await _session.MeasureStreamAsync(cancellation) is not { } rate) return;
        _streamReads.Add(rate.BytesPerSecond / 1e9);
        if (rate.SingleSeconds is { } seconds) _singleReads.Add(rate.StepBytes / seconds / 1e9);
    }

    private async Task<LatencyRun> BatchAsync(int promptTokens, CancellationToken cancellation)
    {
        int[][] prompts = [.. Enumerable.Range(0, _plan.Batch).Select(_ => _session.RandomPrompt(_random, promptTokens))];
        _session.Runner.Take();
        GenerationTimes[] batch = await Task.WhenAll(prompts.Select(prompt => _session.GenerateAsync(prompt, _plan.NewTokens, cancellation)));
        return LatencyRun.Of(batch, promptTokens, _session.Runner.Take());
    }

    private async Task PrefixAsync(bool counts, CancellationToken cancellation)
    {
        int[] prefix = _session.RandomPrompt(_random, _plan.SeenPrefix);
        GenerationTimes unseen = await FirstTokenAsync(), seen = await FirstTokenAsync();
        if (!counts) return;
        _unseen.Add(unseen);
        _seen.Add(seen);

        Task<GenerationTimes> FirstTokenAsync() =>
            _session.GenerateAsync([.. prefix, .. _session.RandomPrompt(_random, _plan.PromptTokens[0])], newTokens: 1, cancellation);
    }

    private LatencyReport Report(long? loadPeak, long? runPeak)
    {
        Distribution? streamRead = Distribution.Of(_streamReads), singleRead = Distribution.Of(_singleReads);
        return new LatencyReport
        {
            Model = BenchedModel.Of(_session),
            Settings = _plan,
            Results = [.. _runs.Select((runs, i) => LatencyResult.Of(_plan.PromptTokens[i], runs, _session.Description.StepBytes, streamRead, singleRead))],
            MemoryReadGbPerS = Distribution.Of(_reads),
            StreamReadGbPerS = streamRead,
            SingleStreamReadGbPerS = singleRead,
            SeenPrefix = PrefixResult.Of(_plan.SeenPrefix, _unseen, _seen),
            PeakLoadBytes = loadPeak,
            PeakRunBytes = runPeak,
        };
    }
}
