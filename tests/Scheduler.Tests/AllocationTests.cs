using System.Text.Json;
using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Scheduling.Tests;

/// <summary>What a step may allocate is written in budgets.json.</summary>
public sealed class AllocationTests
{
    private const int SequenceCount = 64;
    private const int StepCount = 200;

    [Fact]
    public async Task DecodeStep_Warm_StaysWithinItsBudget()
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 1024, BlockSize: 16, BlockCount: SequenceCount * 64);
        SchedulerOptions options = new() { MaxSequences = SequenceCount };
        Inbox inbox = new();
        Backlog backlog = new(options.MaxQueueLength);
        TestMeterFactory meters = new();
        EngineCounters counters = new(backlog);
        Reporter reporter = new(backlog, counters, new Metrics.EngineMetrics(meters, counters, TimeProvider.System), null, null);
        EngineLoop loop = new(new ConstantRunner(limits), options, TimeProvider.System, inbox, reporter);
        Generation[] generations = [.. Enumerable.Range(1, SequenceCount).Select(id => Submit(inbox, id))];
        for (int i = 0; i < 100; i++) Turn(loop, generations);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < StepCount; i++) Turn(loop, generations);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(SequenceCount, counters.Snapshot.RunningCount);
        Assert.InRange(allocated, 0, StepCount * await BudgetOf("allocated_bytes_per_decode_step"));
    }

    private static void Turn(EngineLoop loop, Generation[] generations)
    {
        loop.Turn();
        foreach (Generation generation in generations)
        {
            while (generation.Events.TryRead(out _)) { }
        }
    }

    private static Generation Submit(Inbox inbox, int id)
    {
        Sequence sequence = new(id, Rig.Request(20, maxTokens: 900, firstToken: id), arrival: 0);
        sequence.Generation = new Generation(sequence, inbox);
        inbox.TryPost(MessageKind.Submit, sequence);
        return sequence.Generation;
    }

    private static async Task<long> BudgetOf(string name)
    {
        await using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "budgets.json"));
        return (await JsonSerializer.DeserializeAsync<Dictionary<string, long>>(file))![name];
    }

    /// <summary>The least a model can do, so that only the scheduler is measured.</summary>
    private sealed class ConstantRunner(ModelLimits limits) : IModelRunner
    {
        public ModelLimits Limits => limits;

        public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => sampled.Fill(new SampledToken(7, 0, null));

        public void Dispose()
        {
        }
    }
}
