using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>Lets others than those that run into a step: forks that draw from a prompt which it computes to its end, and waiting sequences with what budget is left.</summary>
internal sealed class Admission(BlockManager blocks, Roster roster, Progress progress, TimeProvider clock)
{
    private int _joinedCount; // forks that draw in steps under way or in the one that is put together

    /// <summary>How many more may run beside those that run and the forks that soon will.</summary>
    public int FreeCount => roster.FreeCount - _joinedCount;

    /// <summary>Lets in as many as there is room for.</summary>
    public void Admit(Step step)
    {
        for (int i = 0; i < step.Sequences.Count; i++) JoinForks(step, step.Sequences[i]);
        // The first that does not fit ends the round: letting smaller ones pass it would starve it.
        while (FreeCount > 0 && step.ChunkBudget > 0 && roster.Waiting.Peek() is { } sequence)
        {
            // What its guide forces at the start is computed along with the prompt, and may be found in the cache like it.
            if (!progress.TryAppend(sequence)) continue;
            if (!roster.TryAdmit(sequence, promisedCount: _joinedCount)) break;
            step.Add(sequence, Math.Min(sequence.OutstandingCount, step.ChunkBudget), Urgency.Prompt);
            if (sequence.AdmittedAt is null) Mark(step, sequence, clock.GetTimestamp(), Math.Min(sequence.ComputedCount, sequence.PromptLength));
            JoinForks(step, sequence);
        }
    }

    /// <summary>A step is through, or has failed: its forks run now, or have ended.</summary>
    public void Land(Step step) => _joinedCount -= step.Forks.Count;

    /// <summary>If the step computes the prompt to its end, lets as many forks draw from it as can go on afterwards. They were paid for, so they go before others.</summary>
    private void JoinForks(Step step, Sequence leader)
    {
        if (!leader.EndsPrompt || leader.Group is not { } group) return;
        for (int i = 0; i < group.Forks.Count && FreeCount > 0 && blocks.AvailableCount > _joinedCount;)
        {
            Sequence fork = group.Forks[i];
            if (!progress.TryAppend(fork)) continue; // it ended and is no fork any more
            step.Join(fork);
            _joinedCount++;
            Mark(step, fork, leader.AdmittedAt!.Value, leader.CachedTokenCount);
            i++;
        }
    }

    private static void Mark(Step step, Sequence sequence, long now, int cachedTokenCount)
    {
        (sequence.AdmittedAt, sequence.CachedTokenCount) = (now, cachedTokenCount);
        step.Admitted.Add(sequence);
    }
}
