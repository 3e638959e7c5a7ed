using System.Globalization;
using Llama.Model.Offload;

namespace Llama.Model.Tests.Offload;

/// <summary>Laws of the layout, over random models and limits.</summary>
public sealed class OffloadPlanTests
{
    [Fact]
    public void Make_AnyLimit_StaysWithinItAndLeavesNothingUnused()
    {
        Random random = new(1);
        int streaming = 0;
        for (int i = 0; i < 2000; i++)
        {
            MemoryDemand demand = Random(random);
            long limit = random.NextInt64(demand.Fixed, demand.Fixed + demand.UnitBytes + demand.Table + 2 * demand.LeastKv);
            if (TryMake(limit, demand, out OffloadPlan plan) is not null) continue;
            IReadOnlyList<long> units = [.. demand.Layers, demand.Head];
            long resident = units.Where((_, unit) => plan.IsResident[unit]).Sum(), streamed = demand.UnitBytes - resident;
            Assert.Equal(streamed, plan.StreamedBytes);
            Assert.True(plan.KvBytes >= demand.LeastKv);
            Assert.Equal(limit, demand.Fixed + resident + plan.KvBytes + (plan.Streams ? demand.LookedUpTable + OffloadPlan.Buffers * plan.BufferBytes : demand.Table));
            if (!plan.Streams) continue;
            streaming++;
            Assert.All(units.Where((_, unit) => !plan.IsResident[unit]), unit => Assert.True(unit <= plan.BufferBytes));
        }
        Assert.InRange(streaming, 500, 2000);
    }

    [Fact]
    public void Make_EverythingFits_StreamsNothing()
    {
        MemoryDemand demand = Random(new Random(2));
        OffloadPlan plan = OffloadPlan.Make(demand.Fixed + demand.UnitBytes + demand.Table + demand.LeastKv, demand, null);
        Assert.False(plan.Streams);
        Assert.All(plan.IsResident, Assert.True);
    }

    [Fact]
    public void Make_TooSmallALimit_NamesOneThatWorks()
    {
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            MemoryDemand demand = Random(random);
            string message = Assert.IsType<InsufficientMemoryException>(TryMake(demand.Fixed + 1, demand, out _)).Message;
            Assert.Contains("Model:MemoryLimit=", message);
            string smallest = message[(message.IndexOf("works is ", StringComparison.Ordinal) + 9)..];
            Assert.True(MemorySize.TryParse(smallest[..(smallest.IndexOf("MiB", StringComparison.Ordinal) + 3)], out long bytes));
            Assert.Null(TryMake(bytes, demand, out _));
            Assert.NotNull(TryMake(bytes - (16 << 20), demand, out _)); // nor is it much more than that
        }
    }

    [Fact]
    public void LeastForAll_AnyModel_LetsEverythingStayAndLittleLessDoesNot()
    {
        Random random = new(5);
        for (int i = 0; i < 200; i++)
        {
            MemoryDemand demand = Random(random);
            Assert.True(MemorySize.TryParse(OffloadPlan.LeastForAll(demand), out long bytes));
            Assert.Null(TryMake(bytes, demand, out OffloadPlan plan));
            Assert.False(plan.Streams);
            Assert.False(TryMake(bytes - (16 << 20), demand, out plan) is null && !plan.Streams);
        }
    }

    [Fact]
    public void Make_LayersAlike_SpreadsThoseThatStayEvenly()
    {
        for (int room = 3; room < 20; room++)
        {
            MemoryDemand demand = new(0, 0, 0, 0, 0, [.. Enumerable.Repeat(100L, 20)], 1, 10, 10);
            OffloadPlan plan = OffloadPlan.Make(room * 100 + 11, demand, null);
            int[] streamed = [.. Enumerable.Range(0, 20).Where(layer => !plan.IsResident[layer])];
            Assert.Equal(20 - (room - 2), streamed.Length);
            int[] between = [.. streamed.Zip(streamed.Skip(1), (one, next) => next - one - 1)]; // layers that stay
            Assert.InRange(between.DefaultIfEmpty().Max() - between.DefaultIfEmpty().Min(), 0, 1);
        }
    }

    [Fact]
    public void Make_MoreMemory_NeverStreamsMoreWhenTheCacheIsSet()
    {
        MemoryDemand demand = Random(new Random(4)) with { LeastKv = 1 << 20, MostKv = 1 << 20 };
        demand = demand with { Layers = [.. demand.Layers.Select(_ => 5L << 20)], Head = 5L << 20 };
        long least = demand.Fixed + demand.LookedUpTable + (11L << 20), streamed = long.MaxValue;
        for (long limit = least; limit < demand.Fixed + demand.UnitBytes + demand.Table + (2 << 20); limit += 1 << 18)
        {
            OffloadPlan plan = OffloadPlan.Make(limit, demand, null);
            Assert.True(plan.StreamedBytes <= streamed, limit.ToString(CultureInfo.InvariantCulture));
            streamed = plan.StreamedBytes;
        }
        Assert.Equal(0, streamed);
    }

    // A head that streams is one more layer; one that stays is one more thing that is always there.
    [Fact]
    public void Make_KeepsTheHead_JustWhereThatStreamsNoMoreThanNotDoingSo()
    {
        Random random = new(5);
        int kept = 0, streamed = 0;
        for (int i = 0; i < 3000; i++)
        {
            MemoryDemand demand = Random(random);
            if (demand.Head == 0) continue;
            demand = demand with { Table = 0, MostKv = demand.LeastKv };
            long limit = random.NextInt64(demand.Fixed, demand.Fixed + demand.UnitBytes + demand.LeastKv);
            OffloadPlan? keeping = Made(demand with { Step = demand.Step + demand.Head, Head = 0 }), streaming = Made(demand with { Layers = [.. demand.Layers, demand.Head], Head = 0 });
            if (TryMake(limit, demand, out OffloadPlan plan) is not null)
            {
                Assert.True(keeping is null && streaming is null);
                continue;
            }
            Assert.Equal(Math.Min(keeping?.StreamedBytes ?? long.MaxValue, streaming?.StreamedBytes ?? long.MaxValue), plan.StreamedBytes);
            if (plan.IsResident[^1]) kept++;
            else streamed++;

            OffloadPlan? Made(MemoryDemand other) => TryMake(limit, other, out OffloadPlan made) is null ? made : null;
        }
        Assert.True(kept > 30 && streamed > 30, $"{kept} kept, {streamed} streamed");
    }

    private static MemoryDemand Random(Random random)
    {
        long layer = random.NextInt64(1 << 16, 100 << 20);
        long[] units = [.. Enumerable.Range(0, random.Next(4, 40)).Select(_ => random.Next(2) == 0 ? layer : random.NextInt64(layer / 2, layer))];
        long head = random.Next(3) == 0 ? 0 : random.NextInt64(1 << 16, 200 << 20);
        long kv = random.NextInt64(1 << 10, 50 << 20);
        return new MemoryDemand(random.NextInt64(100 << 20), random.NextInt64(50 << 20), 1000, random.Next(2) == 0 ? 0 : head, random.Next(4 << 20), units, head, kv, kv * random.Next(1, 50));
    }

    private static Exception? TryMake(long limit, MemoryDemand demand, out OffloadPlan plan)
    {
        OffloadPlan? made = null;
        Exception? thrown = Record.Exception(() => made = OffloadPlan.Make(limit, demand, null));
        plan = made!;
        return thrown;
    }
}
