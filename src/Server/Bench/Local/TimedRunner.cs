using System.Diagnostics;
using Llama.Model;
using Llama.Model.Offload;
using Llama.Model.Sampling;
using Llama.Server.Hosting;

namespace Llama.Server.Bench.Local;

/// <summary>Keeps the time of each of a model's steps.</summary>
internal sealed class TimedRunner(LoadedModel loaded) : IModelRunner
{
    private readonly IModelRunner _inner = loaded.Runner;
    private readonly List<StepTime> _steps = [];
    private readonly Queue<long> _begun = new(); // when, of the steps under way

    private long _end; // of the last step
    private TimeSpan _waited; // until then
    private Streamed _streamed; // until then
    private TaskCompletionSource<StreamRate?>? _asked;

    public ModelLimits Limits => _inner.Limits;

    public bool IsAhead => _inner.IsAhead;

    public TimeSpan Waited => _inner.Waited;

    /// <summary>Has what streams measured on the engine's thread, ahead of the next step to be submitted, while there is none.</summary>
    public Task<StreamRate?> MeasureStreamBeforeStep()
    {
        _asked = new TaskCompletionSource<StreamRate?>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _asked.Task;
    }

    public void Begin(ForwardBatch batch)
    {
        MeasureStream();
        long start = Stopwatch.GetTimestamp();
        _inner.Begin(batch);
        _begun.Enqueue(start); // what could not be begun is not finished
    }

    /// <summary>Of steps under way together each has the time since the one before it: what they take one by one.</summary>
    public void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        long lastEnd = _end, start = Math.Max(_begun.Dequeue(), lastEnd);
        _inner.Finish(batch, sampled, scored);
        _end = Stopwatch.GetTimestamp();
        TimeSpan waited = _inner.Waited - _waited, onHost = Stopwatch.GetElapsedTime(lastEnd, _end) - waited;
        _waited += waited;
        Streamed streamed = Streamed.On(loaded.Description.Devices);
        _steps.Add(new StepTime(batch.TokenCount, batch.SampleCount, Stopwatch.GetElapsedTime(start, _end).TotalMilliseconds, onHost.TotalMilliseconds, streamed - _streamed));
        _streamed = streamed;
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

    public void Dispose() => _inner.Dispose();

    private void MeasureStream()
    {
        _asked?.SetResult(loaded.MeasureStream());
        _asked = null;
    }
}
