using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Server.Bench.Local;

/// <summary>Keeps the time of each of a model's steps.</summary>
internal sealed class TimedRunner(IModelRunner inner) : IModelRunner
{
    private readonly List<StepTime> _steps = [];
    private readonly Queue<long> _begun = new(); // when, of the steps under way

    private long _end; // of the last step
    private TimeSpan _waited; // until then

    public ModelLimits Limits => inner.Limits;

    public bool IsAhead => inner.IsAhead;

    public TimeSpan Waited => inner.Waited;

    public void Begin(ForwardBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Begin(batch);
        _begun.Enqueue(start); // what could not be begun is not finished
    }

    /// <summary>Of steps under way together each has the time since the one before it: what they take one by one.</summary>
    public void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        long lastEnd = _end, start = Math.Max(_begun.Dequeue(), lastEnd);
        inner.Finish(batch, sampled, scored);
        _end = Stopwatch.GetTimestamp();
        TimeSpan waited = inner.Waited - _waited, onHost = Stopwatch.GetElapsedTime(lastEnd, _end) - waited;
        _waited += waited;
        _steps.Add(new StepTime(batch.TokenCount, batch.SampleCount, Stopwatch.GetElapsedTime(start, _end).TotalMilliseconds, onHost.TotalMilliseconds));
    }

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        Begin(batch);
        Finish(batch, sampled, scored);
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
