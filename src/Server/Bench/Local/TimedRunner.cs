using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Server.Bench.Local;

/// <summary>Keeps the time of each of a model's steps.</summary>
internal sealed class TimedRunner(IModelRunner inner) : IModelRunner
{
    private readonly List<StepTime> _steps = [];

    private long _end; // of the last step

    public ModelLimits Limits => inner.Limits;

    public bool IsAhead => inner.IsAhead;

    public TimeSpan Waited => inner.Waited;

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        long start = Stopwatch.GetTimestamp(), lastEnd = _end;
        TimeSpan waited = inner.Waited;
        inner.Run(batch, sampled, scored);
        _end = Stopwatch.GetTimestamp();
        TimeSpan onHost = Stopwatch.GetElapsedTime(lastEnd, _end) - (inner.Waited - waited);
        _steps.Add(new StepTime(batch.TokenCount, batch.SampleCount, Stopwatch.GetElapsedTime(start, _end).TotalMilliseconds, onHost.TotalMilliseconds));
    }

    /// <summary>The steps since the last call. Only while every generation has ended: then the engine's thread runs none, and what it wrote before their last events is seen.</summary>
    public StepTime[] Take()
    {
        StepTime[] taken = [.. _steps];
        _steps.Clear();
        return taken;
    }

    public void Dispose() => inner.Dispose();
}
