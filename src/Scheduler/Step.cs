namespace Llama.Scheduling;

/// <summary>What one step computes: some tokens of some sequences, within a budget.</summary>
internal sealed class Step(int tokenBudget, int maxSequences)
{
    /// <summary>In the order of the batch; each says in <see cref="Sequence.ScheduledCount"/> how many tokens.</summary>
    public List<Sequence> Sequences { get; } = new(maxSequences);

    /// <summary>Those admitted for the first time.</summary>
    public List<Sequence> Admitted { get; } = new(maxSequences);

    public int TokenCount { get; private set; }

    public int Budget => tokenBudget - TokenCount;

    public void Add(Sequence sequence, int tokenCount)
    {
        sequence.ScheduledCount = tokenCount;
        TokenCount += tokenCount;
        Sequences.Add(sequence);
    }

    public void Clear()
    {
        foreach (Sequence sequence in Sequences) sequence.ScheduledCount = 0;
        Sequences.Clear();
        Admitted.Clear();
        TokenCount = 0;
    }
}
