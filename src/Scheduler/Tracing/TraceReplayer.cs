using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling.Tracing;

/// <summary>
/// Runs a recorded trace through the scheduler without a model, so that a change of its rules or settings can be judged by yesterday's load in seconds.
/// Requests that were cut short in the original run as long as they did there; failed steps do not fail again.
/// </summary>
public sealed class TraceReplayer
{
    private const int StopTokenId = -1;

    private readonly Queue<TraceEvent[]> _arrivals; // each a group, mostly of one
    private readonly Dictionary<Sequence, TraceEvent> _events = []; // of those that have not ended
    private readonly ReplayClock _clock = new();
    private readonly Scheduler _scheduler;
    private readonly SampledToken[] _sampled;
    private readonly ModelLimits _limits;
    private readonly StepCost _cost;
    private int _requestCount;
    private long _stepCount, _tokenCount, _promptTokenCount, _cachedTokenCount, _queueTicks, _firstArrival = long.MaxValue;

    private TraceReplayer(IEnumerable<TraceEvent> trace, ModelLimits limits, SchedulerOptions options, StepCost cost)
    {
        IEnumerable<TraceEvent[]> groups = trace.OrderBy(item => item.Id).GroupBy(item => item.Group == 0 ? item.Id : item.Group).Select(group => group.ToArray());
        _arrivals = new Queue<TraceEvent[]>(groups.OrderBy(group => group[0].Arrival).ThenBy(group => group[0].Id));
        _scheduler = new Scheduler(limits, options, _clock);
        _sampled = new SampledToken[options.MaxSequences];
        (_limits, _cost) = (limits, cost);
    }

    /// <summary>Replays a trace on a machine of these limits and this speed.</summary>
    /// <exception cref="ArgumentException">A request is larger than the limits, so that it would never be admitted.</exception>
    public static TraceSummary Replay(IEnumerable<TraceEvent> trace, ModelLimits limits, SchedulerOptions options, StepCost cost) =>
        new TraceReplayer(trace, limits, options, cost).Run();

    private TraceSummary Run()
    {
        while (_arrivals.Count > 0 || _scheduler.HasWork)
        {
            if (!_scheduler.HasWork) _clock.Reach(TicksOf(_arrivals.Peek()[0]));
            while (_arrivals.TryPeek(out TraceEvent[]? next) && TicksOf(next[0]) <= _clock.GetTimestamp()) Add(_arrivals.Dequeue());
            Step();
        }
        return Summarize();
    }

    private void Add(TraceEvent[] group)
    {
        Sequence[] sequences = [.. group.Select(Create)];
        if (sequences.Length > 1) _ = new PromptGroup(sequences);
        _scheduler.Add(sequences[0]);
    }

    private Sequence Create(TraceEvent item)
    {
        if (!_limits.Hold(item.PromptLength, item.MaxTokens))
            throw new ArgumentException($"Request {item.Id} of the trace has a prompt of {item.PromptLength} tokens and asks for {item.MaxTokens}; the limits hold prompts of {_limits.LongestPrompt}, and {_limits.LongestSequence} together.");
        int[] prompt = [.. Enumerable.Range(0, item.PromptLength).Select(position => TokenAt(item, position))];
        GenerationRequest request = new()
        {
            PromptTokenIds = prompt,
            MaxTokens = item.MaxTokens,
            Priority = item.Priority,
            ShareKey = item.ShareKey,
            Sampling = new SamplingParams { StopTokenIds = [StopTokenId] },
        };
        Sequence sequence = new(item.Id, request, TicksOf(item));
        _events.Add(sequence, item);
        _firstArrival = Math.Min(_firstArrival, sequence.Arrival);
        return sequence;
    }

    private void Step()
    {
        Step step = _scheduler.Schedule();
        int sampledCount = 0;
        foreach (Sequence sequence in step.Sampled)
            _sampled[sampledCount++] = new SampledToken(Draw(sequence), 0, null);
        _stepCount++;
        _tokenCount += step.TokenCount;
        _clock.Reach(_clock.GetTimestamp() + _cost.For(step.TokenCount).Ticks);
        _scheduler.Begin();
        _scheduler.Commit(_sampled.AsSpan(0, sampledCount));
        foreach (Outcome outcome in _scheduler.Outcomes)
            if (outcome.Finish is not null) TakeIn(outcome.Sequence);
        _scheduler.ClearOutcomes();
    }

    // And lets it go: a trace may have more tokens than memory.
    private void TakeIn(Sequence ended)
    {
        _events.Remove(ended);
        _requestCount++;
        _promptTokenCount += ended.PromptLength;
        _cachedTokenCount += ended.CachedTokenCount;
        _queueTicks += ended.AdmittedAt!.Value - ended.Arrival;
    }

    private int Draw(Sequence sequence)
    {
        TraceEvent item = _events[sequence];
        return sequence.GeneratedCount + 1 >= item.OutputLength ? StopTokenId : TokenAt(item, sequence.KnownCount);
    }

    /// <summary>Stands for the token that was there: equal where the blocks were equal, and nobody else's behind the last full block.</summary>
    private int TokenAt(TraceEvent item, int position)
    {
        int block = position / _limits.BlockSize;
        return block < item.Blocks.Length ? item.Blocks[block] : int.MaxValue - (int)item.Id;
    }

    private TraceSummary Summarize() => new(
        _requestCount,
        _stepCount,
        _tokenCount,
        _scheduler.PreemptionCount,
        (double)_cachedTokenCount / Math.Max(1, _promptTokenCount),
        TimeSpan.FromTicks(_queueTicks / Math.Max(1, _requestCount)),
        TimeSpan.FromTicks(_requestCount == 0 ? 0 : _clock.GetTimestamp() - _firstArrival));

    private static long TicksOf(TraceEvent item) => (long)Math.Round(item.Arrival * TimeSpan.TicksPerSecond);

    private sealed class ReplayClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Reach(long ticks) => _ticks = Math.Max(_ticks, ticks);
    }
}
