using Llama.Model.Threads;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Threads;

public sealed unsafe class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Run_AnyCountAndGrain_CallsEachItemOnce(int threads)
    {
        var random = new Random(threads);
        using var team = new ThreadTeam(threads);
        for (int loop = 0; loop < 3_000; loop++)
        {
            int count = random.Next(0, random.Next(1, 3_000)), grain = random.Next(1, 200);
            int[] calls = new int[count];
            For(team, count, grain, (begin, end) =>
            {
                for (long i = begin; i < end; i++) Interlocked.Increment(ref calls[i]);
            });
            Assert.All(calls, c => Assert.Equal(1, c));
        }
    }

    [Fact]
    public void Run_LoopAfterLoop_SeesWhatTheLastOneWrote()
    {
        using var team = new ThreadTeam(4);
        long[] items = new long[257];
        for (int loop = 0; loop < 20_000; loop++)
        {
            For(team, items.Length, 1, (begin, end) =>
            {
                for (long i = begin; i < end; i++) items[i]++; // by another thread than before, perhaps
            });
        }
        Assert.All(items, item => Assert.Equal(20_000, item));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 100)]
    [InlineData(257, 1)]
    [InlineData(1_000, 16)]
    public void Each_AnyCount_IsGivenEveryItemOnce(int count, int grain)
    {
        using var team = new ThreadTeam(3);
        int[] given = new int[count];
        ParallelFor.Use(team);
        ParallelFor.Each(count, grain, item => Interlocked.Increment(ref given[item]));
        ParallelFor.Use(null);
        Assert.All(given, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Run_UnevenItems_PiecesAreNoSmallerThanTheGrainButTheLast()
    {
        using var team = new ThreadTeam(3);
        var pieces = new List<(long Begin, long End)>();
        For(team, 1_000, 16, (begin, end) =>
        {
            lock (pieces) pieces.Add((begin, end));
        });
        Assert.Equal(1_000, pieces.Sum(p => p.End - p.Begin));
        Assert.InRange(pieces.Count(p => p.End - p.Begin < 16), 0, 3); // one at the end of each share
    }

    [Fact]
    public void Run_WorkersParked_AreWokenAndHelp()
    {
        using var team = new ThreadTeam(2);
        for (int loop = 0; loop < 20; loop++)
        {
            Thread.Sleep(5); // far beyond the spinning
            using var meeting = new Barrier(2);
            For(team, 2, 1, (_, _) => Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(2)))); // passes only if both items are under way at once
        }
    }

    [Fact]
    public void Run_InsideALoop_RunsOnThatThreadAlone()
    {
        using var team = new ThreadTeam(4);
        int[] calls = new int[64 * 64];
        For(team, 64, 1, (begin, end) =>
        {
            for (long i = begin; i < end; i++)
            {
                int thread = Environment.CurrentManagedThreadId, slot = ThreadTeam.Slot;
                long row = i * 64;
                For(team, 64, 1, (first, last) =>
                {
                    Assert.Equal((thread, slot), (Environment.CurrentManagedThreadId, ThreadTeam.Slot));
                    for (long j = first; j < last; j++) calls[row + j]++;
                });
            }
        });
        Assert.All(calls, c => Assert.Equal(1, c));
    }

    /// <summary>Workers know their team as the caller does: else they would share another one, whose threads have the same slots.</summary>
    [Fact]
    public void Run_InsideALoopOfAWorker_RunsOnThatThreadAlone()
    {
        using var team = new ThreadTeam(3);
        int calls = 0;
        using var meeting = new Barrier(3);
        For(team, 3, 1, (_, _) =>
        {
            Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(2))); // each thread has one item
            int thread = Environment.CurrentManagedThreadId;
            Assert.Same(team, ParallelFor.Team);
            ParallelFor.Run(1_000, 1, (first, last) =>
            {
                Assert.Equal(thread, Environment.CurrentManagedThreadId);
                Interlocked.Add(ref calls, (int)(last - first));
            });
        });
        Assert.Equal(3_000, calls);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue + 1L)]
    [InlineData(5L << 32)]
    public void Run_MoreItemsThanAShareHolds_CoversThemAll(long count)
    {
        using var team = new ThreadTeam(3);
        long sum = 0;
        For(team, count, 1 << 20, (begin, end) => Interlocked.Add(ref sum, end - begin));
        Assert.Equal(count, sum);
    }

    [Fact]
    public void Run_SlotsInUse_AreNeverSharedByTwoThreads()
    {
        using var team = new ThreadTeam(4);
        int[] owners = new int[4];
        For(team, 10_000, 1, (_, _) =>
        {
            int thread = Environment.CurrentManagedThreadId;
            int owner = Interlocked.CompareExchange(ref owners[ThreadTeam.Slot], thread, 0);
            Assert.True(owner == 0 || owner == thread);
        });
        Assert.Contains(owners, owner => owner != 0);
    }

    [Fact]
    public void Run_BodyThrows_CallerGetsItAndTheTeamGoesOn()
    {
        using var team = new ThreadTeam(3);
        for (int bad = 0; bad < 300; bad++)
        {
            int done = 0;
            var thrown = Assert.Throws<InvalidOperationException>(() => For(team, 300, 1, (begin, end) =>
            {
                Interlocked.Add(ref done, (int)(end - begin));
                if (begin <= bad && bad < end) throw new InvalidOperationException($"item {bad}");
            }));
            Assert.Equal($"item {bad}", thrown.Message);
            Assert.Equal(300, done);
        }
    }

    [Fact]
    public void Run_SeveralCallersOfOneTeam_EachGetsItsOwnLoop()
    {
        using var team = new ThreadTeam(3);
        System.Threading.Tasks.Parallel.For(0, 4, _ =>
        {
            long sum = 0;
            for (int loop = 1; loop <= 2_000; loop++)
            {
                For(team, 100, 1, (begin, end) => Interlocked.Add(ref sum, end - begin));
                Assert.Equal(100 * loop, Volatile.Read(ref sum));
            }
        });
    }

    [Fact]
    public void Dispose_WorkersSpinningOrParked_End()
    {
        for (int i = 0; i < 50; i++)
        {
            var team = new ThreadTeam(4);
            long sum = 0;
            For(team, 100, 1, (begin, end) => Interlocked.Add(ref sum, end - begin));
            if (i % 2 == 0) Thread.Sleep(1);
            team.Dispose(); // joins them
            Assert.Equal(100, sum);
        }
    }

    [Fact]
    public void Run_Warm_AllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        long sum = 0;
        For(team, 100, 1, &Add, &sum);
        long* added = &sum;
        long allocated = Allocated.InStretch(() =>
        {
            for (int i = 0; i < 1_000; i++) For(team, 100, 1, &Add, added);
        });
        Assert.Equal(0, allocated);
        Assert.Equal(100 * (1 + Allocated.Stretches * 1_000), sum);
    }

    private static void Add(long begin, long end, void* sum) => Interlocked.Add(ref *(long*)sum, end - begin);

    private static void For(ThreadTeam team, long count, long grain, delegate*<long, long, void*, void> body, void* state) => team.Run(count, grain, body, state);

    private static void For(ThreadTeam team, long count, long grain, Action<long, long> body)
    {
        ParallelFor.Use(team);
        ParallelFor.Run(count, grain, body);
        ParallelFor.Use(null);
    }
}
