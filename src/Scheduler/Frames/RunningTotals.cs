using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Frames;

/// <summary>Counts what <see cref="EngineTotals"/> tells. Times are timestamps of the clock until somebody asks.</summary>
internal sealed class RunningTotals(TimeProvider clock)
{
    private long _promptTokens, _cachedTokens, _generated, _ended, _firstTokens, _firstTicks, _laterTicks;

    public void Admitted(Sequence sequence)
    {
        if (sequence.State != SequenceState.Running) return; // a fork's prompt was counted with its leader's
        _promptTokens += sequence.PromptLength;
        _cachedTokens += sequence.CachedTokenCount;
    }

    public void Generated(in Outcome outcome)
    {
        long ticks = outcome.Sequence.LastTokenAt - outcome.Since;
        _generated++;
        if (outcome.Number == 1) (_firstTokens, _firstTicks) = (_firstTokens + 1, _firstTicks + ticks);
        else _laterTicks += ticks;
    }

    public void Ended() => _ended++;

    public EngineTotals Totals(long preemptionCount) => new()
    {
        PromptTokens = _promptTokens,
        CachedTokens = _cachedTokens,
        GeneratedTokens = _generated,
        EndedCount = _ended,
        PreemptionCount = preemptionCount,
        FirstTokenCount = _firstTokens,
        FirstTokenTime = clock.GetElapsedTime(0, _firstTicks),
        LaterTokenTime = clock.GetElapsedTime(0, _laterTicks),
    };
}
