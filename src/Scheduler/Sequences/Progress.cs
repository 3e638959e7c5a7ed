using System.Runtime.CompilerServices;
using Llama.Model.Sampling;

namespace Llama.Scheduling.Sequences;

/// <summary>What becomes known of sequences: the tokens that were drawn for them, those that their guides force, and how they end; and the telling of it.</summary>
internal sealed class Progress(Roster roster, int maxSequences)
{
    /// <summary>What happened since the list was last cleared, in order.</summary>
    public List<Outcome> Outcomes { get; } = new(maxSequences);

    /// <summary>Takes on what was drawn, and what is forced after it, and tells of all that is new.</summary>
    /// <param name="sequence">Whose tokens they are.</param>
    /// <param name="drawn">One token, or none when nothing was drawn for it in this step.</param>
    /// <param name="now">Timestamp.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // before the runtime would do it: tests/Bench/NOTES.md, "Scheduler"
    public void Take(Sequence sequence, ReadOnlySpan<SampledToken> drawn, long now)
    {
        int drawnAt = sequence.GeneratedCount;
        if (!TryAppend(sequence, drawn) || sequence.Readout is { IsComplete: false }) return;
        for (int at = sequence.AnnouncedCount, end = sequence.GeneratedCount; at < end; at++)
        {
            if (at == drawnAt && drawn.Length > 0) Announce(sequence, drawn[0], now);
            else Announce(sequence, new SampledToken(sequence.Tokens[sequence.PromptLength + at], 0, null), now);
        }
        if (sequence is { GeneratedCount: 0, Ending: { } ending }) End(sequence, ending);
    }

    /// <summary>Takes on what was drawn and forced without telling. False when the sequence ended by a fault that fails no other: no draw, no score, or a guide that throws.</summary>
    public bool TryAppend(Sequence sequence, ReadOnlySpan<SampledToken> drawn = default)
    {
        Exception? fault = drawn.Length > 0 ? drawn[0].Fault : null;
        fault ??= sequence.Readout?.Fault ?? FaultOfAppending(sequence, drawn.Length > 0 ? drawn[0].TokenId : null);
        if (fault is not null) EndWith(new Outcome(sequence, null, FinishReason.Failed) { Fault = fault });
        return fault is null;
    }

    private static Exception? FaultOfAppending(Sequence sequence, int? token)
    {
        try
        {
            if (token is not null) sequence.Append(token.Value);
            if (sequence.Guide is not null) sequence.AppendForced();
            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
    }

    private void Announce(Sequence sequence, in SampledToken token, long now)
    {
        Outcome outcome = sequence.Announce(token, now);
        if (sequence.AnnouncedCount == sequence.GeneratedCount && sequence.Ending is { } reason) EndWith(outcome with { Finish = reason });
        else Outcomes.Add(outcome);
    }

    public void End(Sequence sequence, FinishReason reason) => EndWith(new Outcome(sequence, null, reason));

    /// <summary>Ends a sequence whose end had to wait, if it has waited long enough.</summary>
    public void EndLate(Sequence sequence)
    {
        if (sequence is { UnderWayCount: 0, LateEnding: { } last }) EndWith(last.Value);
    }

    /// <summary>This is the last that its sequence's caller is told, now or once no step under way computes the prompt of others with it.</summary>
    private void EndWith(in Outcome last)
    {
        Sequence sequence = last.Sequence;
        if (sequence.State == SequenceState.Finished) return;
        if (sequence.UnderWayCount > 0 && LeadsOthers(sequence))
        {
            sequence.LateEnding ??= new(last);
            return;
        }
        roster.Remove(sequence);
        Outcomes.Add(last);
    }

    private static bool LeadsOthers(Sequence sequence) => sequence.Group is { HasForks: true } group && group.Leader == sequence;
}
