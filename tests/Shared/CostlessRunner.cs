using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Tests.Shared;

/// <summary>The least a model can do: it says the same tokens over and over, so that all that a step costs is the engine's and the server's.</summary>
/// <param name="limits">Its limits; nothing is kept in the blocks.</param>
/// <param name="words">What it says.</param>
/// <param name="stepsPerSecond">Steps are spread over time at this rate; null runs them as fast as they come.</param>
public sealed class CostlessRunner(ModelLimits limits, int[] words, double? stepsPerSecond = null) : IModelRunner
{
    private readonly long _period = stepsPerSecond is { } rate ? (long)(Stopwatch.Frequency / rate) : 0;
    private long _due;
    private long _stepCount;
    private long _engineTicks;
    private int _next;

    /// <summary>Steps run, from any thread.</summary>
    public long StepCount => Volatile.Read(ref _stepCount);

    /// <summary>CPU time of the engine's thread up to its latest step, from any thread.</summary>
    public TimeSpan EngineTime => new(Volatile.Read(ref _engineTicks));

    /// <inheritdoc />
    public ModelLimits Limits => limits;

    /// <inheritdoc />
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        for (int i = 0; i < batch.SampleCount; i++) sampled[i] = new SampledToken(words[_next++ % words.Length], 0, null);
        _next %= words.Length;
        Volatile.Write(ref _engineTicks, ThreadClock.Now.Ticks);
        Volatile.Write(ref _stepCount, _stepCount + 1);
        if (_period > 0) WaitForTurn();
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>The rate is kept on average: a step that came late does not put off the next one, unless it came very late.</summary>
    private void WaitForTurn()
    {
        long now = Stopwatch.GetTimestamp();
        _due = Math.Max(_due + _period, now - Stopwatch.Frequency / 10);
        if (_due > now) Thread.Sleep(Stopwatch.GetElapsedTime(now, _due));
    }
}
