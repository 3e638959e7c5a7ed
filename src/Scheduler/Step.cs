namespace Llama.Scheduling;

/// <summary>What one step computes: some tokens of some sequences, within a budget. It is put together, then begun, then taken in.</summary>
/// <param name="tokenBudget">Most tokens.</param>
/// <param name="maxSequences">Most sequences.</param>
internal sealed class Step(int tokenBudget, int maxSequences)
{
    /// <summary>While it is put together, in the order of the batch; each says in <see cref="Sequence.ScheduledCount"/> how many tokens.</summary>
    public List<Sequence> Sequences { get; } = new(maxSequences);

    /// <summary>The same once it is begun.</summary>
    public List<StepRow> Rows { get; } = new(maxSequences);

    /// <summary>Those admitted for the first time.</summary>
    public List<Sequence> Admitted { get; } = new(maxSequences);

    /// <summary>Those that another sequence of the step computes the prompt for, to its end; in the order of these.</summary>
    public List<Sequence> Forks { get; } = new(maxSequences);

    /// <summary>Those that a token is drawn for, in the order of the draws: forks before the one that computes their prompt. While it is put together.</summary>
    public IEnumerable<Sequence> Sampled =>
        Sequences.SelectMany(sequence => Forks.Where(fork => fork.Group!.Leader == sequence).Append(sequence)).Where(sequence => sequence.IsSampled);

    public int TokenCount { get; private set; }

    public int Budget => tokenBudget - TokenCount;

    /// <summary>Most tokens that are not the one of a sequence that decodes; of the step that is put together.</summary>
    public int MaxChunkTokens { get; set; }

    /// <summary>Tokens that those which do not decode may still have.</summary>
    public int ChunkBudget => Math.Min(Budget, MaxChunkTokens - ChunkCount);

    public int BudgetFor(Urgency urgency) => urgency == Urgency.Decoding ? Budget : ChunkBudget;

    /// <summary>Those of the tokens that belong to prompts.</summary>
    public int PromptTokenCount { get; private set; }

    private int ChunkCount { get; set; }

    public void Add(Sequence sequence, int tokenCount, Urgency urgency)
    {
        sequence.ScheduledCount = tokenCount;
        TokenCount += tokenCount;
        if (sequence.ComputedCount < sequence.PromptLength) PromptTokenCount += Math.Min(tokenCount, sequence.PromptLength - sequence.ComputedCount);
        if (urgency != Urgency.Decoding) ChunkCount += tokenCount;
        Sequences.Add(sequence);
    }

    /// <summary>Lets a fork draw from the prompt that its leader computes in this step; it costs no token.</summary>
    public void Join(Sequence fork)
    {
        fork.ScheduledCount = fork.PromptLength;
        Forks.Add(fork);
    }

    /// <summary>From now on what it computes counts as computed for the steps after it: they come to the cache later.</summary>
    public void Begin()
    {
        int forkEnd = 0;
        foreach (Sequence sequence in Sequences)
        {
            int forkStart = forkEnd;
            while (forkEnd < Forks.Count && Forks[forkEnd].Group!.Leader == sequence) forkEnd++;
            Rows.Add(new StepRow(sequence, sequence.ComputedCount + sequence.ScheduledCount, forkEnd - forkStart, sequence.Readout?.AskedScoreCount ?? 0, sequence.IsSampled, sequence.EndsPrompt));
            sequence.Begin();
        }
        Sequences.Clear();
    }

    public void Clear()
    {
        foreach (Sequence sequence in Sequences) sequence.ScheduledCount = 0;
        foreach (Sequence fork in Forks) fork.ScheduledCount = 0;
        Sequences.Clear();
        Rows.Clear();
        Admitted.Clear();
        Forks.Clear();
        TokenCount = PromptTokenCount = ChunkCount = 0;
    }
}
