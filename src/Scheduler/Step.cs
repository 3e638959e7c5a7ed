using Llama.Model;

namespace Llama.Scheduling;

/// <summary>What one step computes: some tokens of some sequences, within a budget.</summary>
internal sealed class Step(int tokenBudget, int maxSequences, List<BlockCopy> copies)
{
    /// <summary>In the order of the batch; each says in <see cref="Sequence.ScheduledCount"/> how many tokens.</summary>
    public List<Sequence> Sequences { get; } = new(maxSequences);

    /// <summary>Those admitted for the first time.</summary>
    public List<Sequence> Admitted { get; } = new(maxSequences);

    /// <summary>Those that another sequence of the step computes the prompt for, to its end.</summary>
    public List<Sequence> Forks { get; } = new(maxSequences);

    /// <summary>Blocks that must be copied first.</summary>
    public List<BlockCopy> Copies => copies;

    /// <summary>Those that a token is drawn for, in the order of the draws: forks before the one that computes their prompt.</summary>
    public IEnumerable<Sequence> Sampled =>
        Sequences.SelectMany(sequence => Forks.Where(fork => fork.Group!.Leader == sequence).Append(sequence)).Where(sequence => sequence.IsSampled);

    public int TokenCount { get; private set; }

    public int Budget => tokenBudget - TokenCount;

    public void Add(Sequence sequence, int tokenCount)
    {
        sequence.ScheduledCount = tokenCount;
        TokenCount += tokenCount;
        Sequences.Add(sequence);
    }

    /// <summary>Lets a fork draw from the prompt that its leader computes in this step; it costs no token.</summary>
    public void Join(Sequence fork)
    {
        fork.ScheduledCount = fork.PromptLength;
        Forks.Add(fork);
    }

    public void Clear()
    {
        foreach (Sequence sequence in Sequences) sequence.ScheduledCount = 0;
        foreach (Sequence fork in Forks) fork.ScheduledCount = 0;
        Sequences.Clear();
        Admitted.Clear();
        Forks.Clear();
        TokenCount = 0;
    }
}
