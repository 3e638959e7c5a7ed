using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>What becomes known of sequences: the tokens that were drawn for them, those that their guides force, and how they end; and the telling of it.</summary>
internal sealed class Progress(Roster roster, int maxSequences)
{
    /// <summary>What happened since the list was last cleared, in order.</summary>
    public List<Outcome> Outcomes { get; } = new(maxSequences);

    /// <summary>Takes on what was drawn, and what is forced after it, and tells of all that is new.</summary>
    /// <param name="sequence">Whose tokens they are.</param>
    /// <param name="drawn">Null when nothing was drawn for it in this step.</param>
    /// <param name="now">Timestamp.</param>
    public void Take(Sequence sequence, SampledToken? drawn, long now)
    {
        int drawnAt = sequence.GeneratedCount;
        if (!TryAppend(sequence, drawn) || sequence.Readout is { IsComplete: false }) return;
        while (sequence.AnnouncedCount < sequence.GeneratedCount)
        {
            int at = sequence.AnnouncedCount;
            SampledToken token = at == drawnAt && drawn is not null ? drawn.Value : new SampledToken(sequence.Tokens[sequence.PromptLength + at], 0, null);
            Outcome outcome = sequence.Announce(token, now);
            if (at + 1 == sequence.GeneratedCount && sequence.Ending is { } reason) End(sequence, outcome with { Finish = reason });
            else Outcomes.Add(outcome);
        }
        if (sequence is { MaxTokens: 0, Ending: { } ending }) End(sequence, ending);
    }

    /// <summary>Takes on what was drawn and forced without telling. False when the sequence ended by a fault that fails no other: no draw, no score, or a guide that throws.</summary>
    public bool TryAppend(Sequence sequence, SampledToken? drawn)
    {
        Exception? fault = drawn?.Fault ?? sequence.Readout?.Fault;
        try
        {
            if (fault is null && drawn is { } token) sequence.Append(token.TokenId);
            if (fault is null) sequence.AppendForced();
        }
        catch (Exception thrown)
        {
            fault = thrown;
        }
        if (fault is not null) End(sequence, new Outcome(sequence, null, FinishReason.Failed) { Fault = fault });
        return fault is null;
    }

    public void End(Sequence sequence, FinishReason reason) => End(sequence, new Outcome(sequence, null, reason));

    private void End(Sequence sequence, in Outcome last)
    {
        if (sequence.State == SequenceState.Finished) return;
        roster.Remove(sequence);
        Outcomes.Add(last);
    }
}
