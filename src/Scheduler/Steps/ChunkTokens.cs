using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>
/// How many tokens of prompts a step takes where several are under way, on as many devices one after the other. With s of them s − 1 find no work while the first step comes to them, and as many once
/// the last has left them; so chunks of c cost the time of (s − 1) · c tokens. But a step costs a device as much again as some b tokens, whatever it holds (weights must be read, few rows use the
/// arithmetic badly), and P tokens are P / c steps: P · b / c. The sum is least where both are equal, at c = √(P · b / (s − 1)): small for one lone prompt, large while many wait.
/// </summary>
internal sealed class ChunkTokens(Roster roster, Admission admission, int maxTokens, int stepCount)
{
    private const double StepCost = 1.0 / 24; // b, as a share of a full step: products of 64 rows take 28 % more a row than those of 512 (tests/Bench/NOTES.md)

    /// <summary>Most tokens of prompts in the next step; at least 1.</summary>
    public int Next() => stepCount == 1 ? maxTokens : Of(CountAhead(), maxTokens, stepCount);

    /// <summary>Most tokens of prompts in a step; at least 1.</summary>
    /// <param name="ahead">Tokens of prompts that are in no step yet.</param>
    /// <param name="maxTokens">Of a step: enough to keep a device busy.</param>
    /// <param name="steps">That may be under way; two or more.</param>
    public static int Of(long ahead, int maxTokens, int steps) => (int)Math.Clamp(Math.Sqrt(ahead * StepCost * maxTokens / (steps - 1)), 1, maxTokens);

    /// <summary>Tokens that no step has begun to compute: of those who have more than the one that they decode, and of as many of the waiting as could be admitted, whatever of theirs is in the cache.</summary>
    private long CountAhead()
    {
        int waitingCount = roster.Waiting.Count;
        long count = waitingCount == 0 ? 0 : roster.Waiting.PromptTokenCount * Math.Min(admission.FreeCount, waitingCount) / waitingCount;
        foreach (Sequence sequence in roster.Running)
            if (sequence.OutstandingCount > 1 && !sequence.IsEndingLate) count += sequence.OutstandingCount;
        return count;
    }
}
