using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Waiting;

/// <summary>
/// The waiting sequences of one priority. Preempted ones go first, in their order. The others take turns by share key: deficit round robin
/// (Shreedhar and Varghese 1996) in tokens, so that a key with many or long requests does not crowd out the rest; a turn brings as many quanta as the key weighs.
/// </summary>
internal sealed class FairQueue(int quantum)
{
    private readonly RankedList _preempted = new(0);
    private readonly Dictionary<int, LinkedListNode<Share>> _shares = [];
    private readonly LinkedList<Share> _ring = new(); // the first has its turn

    public bool IsEmpty => _preempted.Count == 0 && _ring.Count == 0;

    public void Add(Sequence sequence)
    {
        if (!_shares.TryGetValue(sequence.Request.ShareKey, out LinkedListNode<Share>? share))
            _shares[sequence.Request.ShareKey] = share = _ring.AddLast(new Share(sequence.Request.ShareKey));
        share.Value.Weight = sequence.Request.ShareWeight;
        sequence.QueueNode = share.Value.Sequences.AddLast(sequence);
    }

    public void PutBack(Sequence preempted) => _preempted.Add(preempted);

    /// <summary>The next to be admitted; the same one until it is taken or removed, or a preempted one comes back.</summary>
    public Sequence Peek()
    {
        if (_preempted.Count > 0) return _preempted.First;
        while (true)
        {
            LinkedListNode<Share> turn = _ring.First!;
            Sequence head = turn.Value.Sequences.First!.Value;
            if (CostOf(head) <= turn.Value.Deficit) return head;
            turn.Value.Deficit += (long)quantum * turn.Value.Weight;
            _ring.Remove(turn);
            _ring.AddLast(turn);
        }
    }

    /// <summary>Lets a sequence's share pay for its admission. A preempted one was paid for before.</summary>
    public void Charge(Sequence sequence)
    {
        if (sequence.QueueNode is not null) _shares[sequence.Request.ShareKey].Value.Deficit -= CostOf(sequence);
    }

    public void Remove(Sequence sequence)
    {
        if (sequence.QueueNode is null)
        {
            _preempted.Remove(sequence);
            return;
        }
        LinkedListNode<Share> share = _shares[sequence.Request.ShareKey];
        share.Value.Sequences.Remove(sequence.QueueNode);
        sequence.QueueNode = null;
        if (share.Value.Sequences.Count > 0) return;
        // A share without requests forgets what it saved or owes, so that nobody hoards turns.
        _ring.Remove(share);
        _shares.Remove(sequence.Request.ShareKey);
    }

    /// <summary>Gives a share back what a finished sequence was charged for and did not generate.</summary>
    public void Refund(Sequence finished)
    {
        if (_shares.TryGetValue(finished.Request.ShareKey, out LinkedListNode<Share>? share)) share.Value.Deficit += finished.MaxTokens - finished.GeneratedCount;
    }

    public IEnumerable<Sequence> Enumerate() => _preempted.Enumerate().Concat(_ring.SelectMany(share => share.Sequences));

    /// <summary>A leader pays for its whole group: one prompt, all outputs.</summary>
    private static int CostOf(Sequence sequence) => sequence.PromptLength + sequence.MaxTokens + (sequence.Group?.ForkTokens ?? 0);
}
