using Llama.Scheduling.Blocks;
using Llama.Scheduling.Waiting;

namespace Llama.Scheduling.Sequences;

/// <summary>Where every sequence is (running with blocks, waiting without, attached to the one that computes its prompt) and the ways from one place to another.</summary>
internal sealed class Roster(BlockManager blocks, int quantum, int maxRunning)
{
    public RankedList Running { get; } = new(maxRunning);

    public WaitingQueue Waiting { get; } = new(quantum);

    /// <summary>How many more may run.</summary>
    public int FreeCount => maxRunning - Running.Count;

    /// <summary>All that have not ended.</summary>
    public IEnumerable<Sequence> Live => Running.Enumerate().Concat(Waiting.Enumerate()).SelectMany(sequence => (Sequence[])[sequence, .. sequence.Group?.Forks ?? []]);

    /// <summary>Lets the next of the waiting run, if its blocks are to be had beside those promised to forks.</summary>
    public bool TryAdmit(Sequence sequence, int promisedCount)
    {
        if (!blocks.TryAdmit(sequence, Running, promisedCount)) return false;
        Waiting.Take(sequence);
        Run(sequence);
        return true;
    }

    public void Preempt(Sequence victim)
    {
        Stop(victim);
        victim.State = SequenceState.Waiting;
        Waiting.PutBack(victim);
    }

    /// <summary>Lets a fork run with the blocks of the prompt that its leader has computed.</summary>
    public void Fork(PromptGroup group, Sequence fork)
    {
        group.Detach(fork);
        blocks.Share(group.Leader, fork);
        Run(fork);
    }

    /// <summary>Sends the forks that found no room at the prompt's end to the queue: they will look for its blocks in the cache, like anybody.</summary>
    public void Release(PromptGroup group)
    {
        RefundForks(group);
        while (group.HasForks)
        {
            Sequence fork = group.Forks[0];
            group.Detach(fork);
            Enqueue(fork);
        }
        group.Leader.Group = null;
    }

    public void Enqueue(Sequence sequence)
    {
        sequence.State = SequenceState.Waiting;
        Waiting.Add(sequence);
    }

    /// <summary>Takes one out that has ended. If others waited for it to compute their prompt, the first of them does so instead.</summary>
    public void Remove(Sequence sequence)
    {
        bool wasPaid = (sequence.Group?.Leader ?? sequence).AdmittedAt is not null;
        if (wasPaid) Waiting.Refund(sequence);
        if (sequence.State == SequenceState.Attached) sequence.Group!.Detach(sequence);
        else if (sequence.Group is { HasForks: true } group) Succeed(group, wasPaid);
        else Leave(sequence);
        sequence.State = SequenceState.Finished;
    }

    private void Succeed(PromptGroup group, bool wasPaid)
    {
        Sequence ended = group.Leader;
        if (!wasPaid)
        {
            WaitingQueue.Replace(ended, group.Succeed());
            group.Leader.State = SequenceState.Waiting;
            return;
        }
        Leave(ended);
        RefundForks(group);
        Enqueue(group.Succeed());
    }

    /// <summary>Their leader paid for them; now they will pay themselves. All before the first of them queues, which would begin a share that never paid.</summary>
    private void RefundForks(PromptGroup group)
    {
        foreach (Sequence fork in group.Forks) Waiting.Refund(fork);
    }

    private void Leave(Sequence sequence)
    {
        if (sequence.State == SequenceState.Running) Stop(sequence);
        else Waiting.Remove(sequence);
    }

    private void Run(Sequence sequence)
    {
        sequence.State = SequenceState.Running;
        Running.Add(sequence);
    }

    private void Stop(Sequence sequence)
    {
        blocks.Free(sequence);
        Running.Remove(sequence);
    }
}
