namespace Llama.Gateway.Balancing;

/// <summary>
/// Which replica takes a request: the key's home, or where that has its share already, the next in the key's order that has not (Mirrokni, Thorup and Zadimoghaddam, 2018).
/// A request without a key goes where least runs.
/// </summary>
/// <param name="factor">How many times the average load a replica may have.</param>
internal sealed class BoundedLoad(double factor)
{
    /// <summary>What a replica may always have: so few share a batch at little cost to each other, and moving one of them costs the computation of its prefix.</summary>
    private const int LeastCapacity = 8;

    /// <summary>Most requests that a replica may have with one more running in all.</summary>
    /// <param name="running">Requests that run now.</param>
    /// <param name="replicaCount">Replicas that share them.</param>
    public int Capacity(int running, int replicaCount) => Math.Max(LeastCapacity, (int)Math.Ceiling(factor * (running + 1) / replicaCount));

    /// <summary>The index of the replica to take, and whether it is the key's home.</summary>
    /// <param name="key">Hash of what requests have in common.</param>
    /// <param name="replicas">At least one.</param>
    public (int Index, bool IsHome) Pick(ulong key, ReadOnlySpan<ReplicaLoad> replicas)
    {
        int running = 0;
        foreach (ReplicaLoad replica in replicas)
            running += replica.RunningCount;
        int capacity = Capacity(running, replicas.Length);
        (int home, int best) = (-1, -1);
        (ulong homeWeight, ulong bestWeight) = (0, 0);
        for (int i = 0; i < replicas.Length; i++)
        {
            ulong weight = Rendezvous.Weight(key, replicas[i].Hash);
            if (home < 0 || weight > homeWeight)
                (home, homeWeight) = (i, weight);
            if (replicas[i].RunningCount < capacity && (best < 0 || weight > bestWeight))
                (best, bestWeight) = (i, weight);
        }
        return (best, best == home); // one is always below the capacity: not all can be above the average
    }

    /// <summary>The index of the replica where least runs.</summary>
    /// <param name="replicas">At least one.</param>
    /// <param name="turn">Decides between equals, so that they take turns.</param>
    public static int PickLeast(ReadOnlySpan<ReplicaLoad> replicas, uint turn)
    {
        int first = (int)(turn % (uint)replicas.Length), best = first;
        for (int i = 1; i < replicas.Length; i++)
        {
            int next = (first + i) % replicas.Length;
            if (replicas[next].RunningCount < replicas[best].RunningCount)
                best = next;
        }
        return best;
    }
}
