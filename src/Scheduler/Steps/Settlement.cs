using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>Takes in what became of a step: full blocks are sealed, forks go on by themselves, drawn tokens become known or end their sequence. Who ended while it was under way takes nothing.</summary>
internal sealed class Settlement(BlockManager blocks, Roster roster, Progress progress)
{
    /// <summary>The step is through.</summary>
    /// <param name="step">The oldest of those under way.</param>
    /// <param name="sampled">As for <see cref="Scheduler.Commit"/>.</param>
    /// <param name="scored">As for <see cref="Scheduler.Commit"/>.</param>
    /// <param name="now">Timestamp.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // before the runtime would do it: tests/Bench/NOTES.md, "Scheduler"
    public void Commit(Step step, ReadOnlySpan<SampledToken> sampled, ReadOnlySpan<ScoredToken> scored, long now)
    {
        Span<StepRow> rows = CollectionsMarshal.AsSpan(step.Rows);
        _ = Touch(rows);
        int nextFork = 0;
        foreach (ref readonly StepRow row in rows)
        {
            Sequence sequence = row.Sequence;
            bool isLive = sequence.State != SequenceState.Finished;
            if (isLive && sequence.Readout is { IsComplete: false } readout) readout.Take(row.End, scored[..row.ScoreCount]);
            scored = scored[row.ScoreCount..];
            if (isLive) blocks.Seal(sequence, row.End);
            for (int last = nextFork + row.ForkCount; nextFork < last; nextFork++)
            {
                Sequence fork = step.Forks[nextFork];
                Fork(fork, TakeDrawn(ref sampled, fork.IsSampled), now);
            }
            if (row.EndsPrompt && sequence.Group is { } group) roster.Release(group);
            ReadOnlySpan<SampledToken> drawn = TakeDrawn(ref sampled, row.IsSampled);
            if (isLive) progress.Take(sequence, drawn, now);
            Land(sequence);
        }
    }

    /// <summary>The step could not be run: its sequences end, and their blocks hold nothing new.</summary>
    public void Fail(Step step)
    {
        foreach (StepRow row in step.Rows)
        {
            // With all forks: if it was the prompt that broke the step, each of them would break one more, and fail all others in it.
            while (row.Sequence.Group is { HasForks: true } group) progress.End(group.Forks[^1], FinishReason.Failed);
            progress.End(row.Sequence, FinishReason.Failed);
            Land(row.Sequence);
        }
    }

    /// <summary>
    /// Brings the sequences into the processor's caches, out of which other work has driven them since the step before. Here nothing waits for what is read, and a dozen lines come at a time; what follows
    /// would wait for one after the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)] // else what leads to nothing could be left out
    private static long Touch(ReadOnlySpan<StepRow> rows)
    {
        long sum = 0;
        foreach (ref readonly StepRow row in rows) sum += row.Sequence.Touch();
        return sum;
    }

    private void Fork(Sequence fork, ReadOnlySpan<SampledToken> drawn, long now)
    {
        if (fork.State != SequenceState.Attached) return; // it ended while the step was under way
        roster.Fork(fork.Group!, fork);
        progress.Take(fork, drawn, now);
    }

    private void Land(Sequence sequence)
    {
        sequence.Land();
        progress.EndLate(sequence);
    }

    /// <summary>The next one of the tokens that were drawn, or none.</summary>
    private static ReadOnlySpan<SampledToken> TakeDrawn(ref ReadOnlySpan<SampledToken> sampled, bool isSampled)
    {
        int count = isSampled ? 1 : 0;
        ReadOnlySpan<SampledToken> drawn = sampled[..count];
        sampled = sampled[count..];
        return drawn;
    }
}
