using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Waiting;

/// <summary>Sequences without blocks: smaller priorities first, and each priority fair among its share keys.</summary>
internal sealed class WaitingQueue(int quantum)
{
    private readonly SortedList<int, FairQueue> _priorities = [];

    public int Count { get; private set; }

    public int PreemptedCount { get; private set; }

    /// <summary>Tokens of the prompts of all of them.</summary>
    public long PromptTokenCount { get; private set; }

    public void Add(Sequence sequence)
    {
        QueueOf(sequence).Add(sequence);
        Enter(sequence);
    }

    public void PutBack(Sequence preempted)
    {
        QueueOf(preempted).PutBack(preempted);
        Enter(preempted);
        PreemptedCount++;
    }

    /// <summary>The next to be admitted, or null.</summary>
    public Sequence? Peek() => Count == 0 ? null : _priorities.GetValueAtIndex(0).Peek();

    /// <summary>Takes the one that <see cref="Peek"/> named.</summary>
    public void Take(Sequence sequence)
    {
        _priorities[sequence.Request.Priority].Charge(sequence);
        Remove(sequence);
    }

    public void Remove(Sequence sequence)
    {
        FairQueue queue = _priorities[sequence.Request.Priority];
        if (sequence.QueueNode is null) PreemptedCount--;
        queue.Remove(sequence);
        Count--;
        PromptTokenCount -= sequence.PromptLength;
        if (queue.IsEmpty) _priorities.Remove(sequence.Request.Priority);
    }

    /// <summary>Gives the place of one that waits for the first time to another of the same priority and share key.</summary>
    public static void Replace(Sequence old, Sequence successor)
    {
        (successor.QueueNode, old.QueueNode) = (old.QueueNode, null);
        successor.QueueNode!.Value = successor;
    }

    public void Refund(Sequence finished)
    {
        if (_priorities.TryGetValue(finished.Request.Priority, out FairQueue? queue)) queue.Refund(finished);
    }

    public IEnumerable<Sequence> Enumerate() => _priorities.Values.SelectMany(queue => queue.Enumerate());

    private void Enter(Sequence sequence)
    {
        Count++;
        PromptTokenCount += sequence.PromptLength;
    }

    private FairQueue QueueOf(Sequence sequence)
    {
        if (!_priorities.TryGetValue(sequence.Request.Priority, out FairQueue? queue)) _priorities[sequence.Request.Priority] = queue = new FairQueue(quantum);
        return queue;
    }
}
