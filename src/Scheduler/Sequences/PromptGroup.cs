namespace Llama.Scheduling.Sequences;

/// <summary>
/// Sequences that continue one prompt, until it is computed. The leader computes it as any sequence does; the forks are attached to it, without blocks and without
/// a place in the queue. In the step that computes the prompt's last token as many as there is room for draw from its logits too, and go on by themselves.
/// </summary>
internal sealed class PromptGroup
{
    private readonly List<Sequence> _forks;

    /// <param name="sequences">Two or more with the same prompt, salt, priority and share key; the first leads.</param>
    public PromptGroup(IReadOnlyList<Sequence> sequences)
    {
        (Leader, _forks) = (sequences[0], [.. sequences.Skip(1)]);
        Leader.Group = this;
        foreach (Sequence fork in _forks)
        {
            (fork.Group, fork.GroupId, fork.State) = (this, Leader.Id, SequenceState.Attached);
            ForkTokens += fork.MaxTokens;
        }
    }

    public Sequence Leader { get; private set; }

    /// <summary>In the order of their numbers. Those that join the current step come first.</summary>
    public IReadOnlyList<Sequence> Forks => _forks;

    public bool HasForks => _forks.Count > 0;

    /// <summary>Most tokens that the forks generate together.</summary>
    public int ForkTokens { get; private set; }

    /// <summary>Lets a fork go.</summary>
    public void Detach(Sequence fork)
    {
        _forks.Remove(fork);
        fork.Group = null;
        ForkTokens -= fork.MaxTokens;
    }

    /// <summary>Makes the first fork the leader.</summary>
    public Sequence Succeed()
    {
        Leader.Group = null;
        Leader = _forks[0];
        Detach(Leader);
        Leader.Group = this;
        return Leader;
    }
}
