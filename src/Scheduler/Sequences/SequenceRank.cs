namespace Llama.Scheduling.Sequences;

/// <summary>Who goes first: smaller priority, then earlier arrival. The last in this order is the first to be preempted.</summary>
internal sealed class SequenceRank : IComparer<Sequence>
{
    public static readonly SequenceRank Instance = new();

    public int Compare(Sequence? one, Sequence? other)
    {
        int byPriority = one!.Request.Priority.CompareTo(other!.Request.Priority);
        return byPriority != 0 ? byPriority : one.Id.CompareTo(other.Id);
    }
}
