using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling.Frames;

/// <summary>
/// Where those who want to see the engine's inside and its thread meet. They leave a question; the thread, which looks for one between two steps, answers with a frame.
/// Without a question nothing is made: a step then costs one read.
/// </summary>
internal sealed class Lookout(TimeProvider clock)
{
    private const int MostRows = 512;

    private static readonly TaskCompletionSource<EngineFrame?> Closed = Answered(null);

    private readonly RunningTotals _totals = new(clock);
    private readonly StepLog _steps = new();
    private TaskCompletionSource<EngineFrame?>? _question; // all who ask before it is answered share it

    /// <summary>From any thread: the next frame, or null when there will be none.</summary>
    public Task<EngineFrame?> Ask()
    {
        var question = new TaskCompletionSource<EngineFrame?>(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _question, question, null) ?? question).Task;
    }

    public void Admitted(Sequence sequence) => _totals.Admitted(sequence);

    public void Ran(StepUnderWay step, TimeSpan duration) => _steps.Add(step, duration);

    public void Generated(in Outcome outcome) => _totals.Generated(outcome);

    public void Ended() => _totals.Ended();

    /// <summary>Answers whoever asked. Between two steps.</summary>
    public void Answer(Scheduler scheduler, EngineCounters counters)
    {
        if (Volatile.Read(ref _question) is null) return;
        EngineFrame frame = Take(scheduler, counters.Snapshot);
        Interlocked.Exchange(ref _question, null)!.SetResult(frame);
    }

    /// <summary>There will be no more frames.</summary>
    public void Close() => Interlocked.Exchange(ref _question, Closed)?.TrySetResult(null);

    private EngineFrame Take(Scheduler scheduler, EngineSnapshot counts)
    {
        long now = clock.GetTimestamp();
        return new EngineFrame
        {
            Counts = counts,
            Totals = _totals.Totals(scheduler.PreemptionCount),
            Steps = _steps.Take(),
            Sequences = [.. scheduler.Live.Take(MostRows).Select(sequence => SequenceRow.Of(sequence, clock.GetElapsedTime(sequence.Arrival, now)))],
            Pool = new PoolImage(scheduler.Blocks),
        };
    }

    private static TaskCompletionSource<EngineFrame?> Answered(EngineFrame? frame)
    {
        var answered = new TaskCompletionSource<EngineFrame?>();
        answered.SetResult(frame);
        return answered;
    }
}
