using CsCheck;
using Llama.Gateway.Balancing;

namespace Llama.Gateway.Tests;

public sealed class BoundedLoadTests
{
    private static readonly Gen<ulong[]> Replicas = Gen.ULong.Array[2, 9].Where(hashes => hashes.Distinct().Count() == hashes.Length);

    [Fact]
    public void Pick_AnyKeysInAnyOrder_NoReplicaGetsMoreThanItsShare() => Gen.Select(Replicas, Gen.ULong[0, 5].Array[1, 400], Gen.Double[1, 3]).Sample((hashes, keys, factor) =>
    {
        var bound = new BoundedLoad(factor);
        int[] running = new int[hashes.Length];
        foreach (ulong key in keys)
        {
            (int index, _) = bound.Pick(key, Loads(hashes, running));
            Assert.True(running[index] < bound.Capacity(running.Sum(), hashes.Length));
            running[index]++;
        }
    });

    [Fact]
    public void Pick_NoLoad_IsTheHomeInWhateverOrderTheReplicasStand() => Gen.Select(Replicas, Gen.ULong).Sample((hashes, key) =>
    {
        ulong[] reversed = [.. hashes.Reverse()];
        (int index, bool isHome) = new BoundedLoad(1.25).Pick(key, Loads(hashes));

        Assert.True(isHome);
        Assert.Equal(hashes[index], reversed[new BoundedLoad(1.25).Pick(key, Loads(reversed)).Index]);
    });

    [Fact]
    public void Pick_ReplicaLeaves_OnlyItsOwnKeysMove() => Gen.Select(Replicas, Gen.ULong, Gen.Int[0, 8]).Sample((hashes, key, leaving) =>
    {
        ulong home = hashes[new BoundedLoad(1.25).Pick(key, Loads(hashes)).Index];
        ulong[] left = [.. hashes.Where((_, i) => i != leaving % hashes.Length)];
        ulong after = left[new BoundedLoad(1.25).Pick(key, Loads(left)).Index];

        Assert.True(after == home || home == hashes[leaving % hashes.Length]);
    });

    [Fact]
    public void Pick_HomeIsFull_TheKeysNextTakesItAsIfTheHomeWereNotThere() => Gen.Select(Replicas, Gen.ULong).Sample((hashes, key) =>
    {
        int home = new BoundedLoad(1.25).Pick(key, Loads(hashes)).Index;
        int[] running = new int[hashes.Length];
        running[home] = 1000;
        (int index, bool isHome) = new BoundedLoad(1).Pick(key, Loads(hashes, running));
        ulong[] others = [.. hashes.Where((_, i) => i != home)];

        Assert.False(isHome);
        Assert.Equal(others[new BoundedLoad(1.25).Pick(key, Loads(others)).Index], hashes[index]);
    });

    [Fact]
    public void Pick_ManyKeys_AreSpreadEvenlyAndTheLeaversToo()
    {
        ulong[] hashes = [.. Enumerable.Range(9001, 4).Select(port => KeyHash.Of($"http://127.0.0.1:{port}"))];
        ulong[] keys = [.. Enumerable.Range(0, 12_000).Select(i => KeyHash.Of($"conversation {i}"))];
        int[] homes = [.. keys.Select(key => new BoundedLoad(1.25).Pick(key, Loads(hashes)).Index)];
        int[] heirs = [.. keys.Where((_, i) => homes[i] == 3).Select(key => new BoundedLoad(1.25).Pick(key, Loads(hashes[..3])).Index)];

        Assert.All(Enumerable.Range(0, 4), replica => Assert.InRange(homes.Count(home => home == replica), 2800, 3200));
        Assert.All(Enumerable.Range(0, 3), replica => Assert.InRange(heirs.Count(heir => heir == replica), 850, 1150));
    }

    [Fact]
    public void PickLeast_AnyLoads_NoneHasLessAndEqualsTakeTurns() => Gen.Select(Gen.Int[0, 3].Array[1, 9], Gen.UInt).Sample((running, turn) =>
    {
        ReplicaLoad[] replicas = [.. running.Select(count => new ReplicaLoad(0, count))];
        HashSet<int> taken = [.. Enumerable.Range(0, running.Length).Select(i => BoundedLoad.PickLeast(replicas, unchecked(turn + (uint)i)))];

        Assert.All(taken, index => Assert.Equal(running.Min(), running[index]));
        Assert.True(turn > uint.MaxValue - 9 || taken.Count == running.Count(count => count == running.Min()));
    });

    private static ReplicaLoad[] Loads(ulong[] hashes, int[]? running = null) => [.. hashes.Select((hash, i) => new ReplicaLoad(hash, running?[i] ?? 0))];
}
