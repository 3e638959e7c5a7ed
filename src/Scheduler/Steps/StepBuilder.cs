using System.Runtime.CompilerServices;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>Gives running sequences their share of a step, in the order of their <see cref="Urgency"/> and among equals of their rank. Where blocks are short, the youngest give way.</summary>
/// <param name="blocks">The pool.</param>
/// <param name="roster">All sequences.</param>
/// <param name="steps">Those under way.</param>
/// <param name="spreadFrom">As <see cref="Llama.Model.ModelLimits.SpreadFrom"/>.</param>
internal sealed class StepBuilder(BlockManager blocks, Roster roster, StepRing steps, int spreadFrom)
{
    /// <summary>Times that a sequence had to give way.</summary>
    public long PreemptionCount { get; private set; }

    /// <summary>
    /// Puts the running sequences' part of a step together. If the pool has no block for one of them, the youngest gives up its own and waits to be computed again; then all starts afresh.
    /// </summary>
    /// <returns>False, and the step is empty, when somebody would have to give way and steps are under way: what comes of them may end somebody.</returns>
    public bool TryBuild(Step step, out bool hasPreempted)
    {
        hasPreempted = false;
        while (!TryShareOut(step))
        {
            if (steps.UnderWayCount > 0)
            {
                step.Clear();
                return false;
            }
            roster.Preempt(roster.Running.Last);
            PreemptionCount++;
            hasPreempted = true;
        }
        return true;
    }

    /// <summary>Lets those that will go on have the block of their next token, as far as there are unheld ones.</summary>
    public void GrowAhead(Step step)
    {
        foreach (Sequence sequence in step.Sequences)
            if (sequence.IsSampled && sequence.KnownCount < sequence.MaxComputedCount && !blocks.TryGrow(sequence, sequence.KnownCount + 1)) return;
    }

    private bool TryShareOut(Step step)
    {
        step.Clear();
        // Decode rows first, so that no prompt, however long, holds up a sequence that is already streaming.
        return TryShareOut(step, Urgency.Decoding) && TryShareOut(step, Urgency.CatchingUp) && TryShareOut(step, Urgency.Prompt);
    }

    /// <summary>False when the pool has no block for one of them. Blocks given to the earlier ones stay: the next try needs them again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // before the runtime would do it: tests/Bench/NOTES.md, "Scheduler"
    private bool TryShareOut(Step step, Urgency urgency)
    {
        if (step.Sequences.Count == roster.Running.Count) return true;
        int room = urgency == Urgency.Decoding ? DecodeShare() : int.MaxValue;
        foreach (Sequence sequence in roster.Running)
        {
            if (room == 0 || step.BudgetFor(urgency) == 0) break;
            if (sequence.Urgency != urgency || sequence.OutstandingCount == 0 || sequence.IsEndingLate) continue;
            int tokenCount = Math.Min(sequence.OutstandingCount, step.BudgetFor(urgency));
            if (!blocks.TryGrow(sequence, sequence.ComputedCount + tokenCount)) return false;
            step.Add(sequence, tokenCount, urgency);
            room--;
        }
        return true;
    }

    /// <summary>
    /// How many sequences may decode in a step: with several steps under way an equal share of them, those in the other steps counted. Where there are too few to spread they wait for each other, so as to
    /// go together from then on.
    /// </summary>
    private int DecodeShare()
    {
        if (steps.Count == 1) return int.MaxValue;
        int count = 0;
        bool isUnderWay = false;
        foreach (Sequence sequence in roster.Running)
        {
            if (sequence.OutstandingCount > 1) continue;
            count++; // decodes, or waits for its token
            isUnderWay |= sequence is { UnderWayCount: > 0, GeneratedCount: > 0 };
        }
        if (count >= spreadFrom) return (count + steps.Count - 1) / steps.Count;
        return isUnderWay ? 0 : int.MaxValue;
    }
}
