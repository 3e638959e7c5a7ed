using System.Text.Json;
using Llama.Model;
using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>What a step may allocate is written in budgets.json.</summary>
public sealed class AllocationTests
{
    private const int SequenceCount = 64;
    private const int GroupSize = 4; // they share their prompt, and one of them has a guide
    private const int StepCount = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task DecodeStep_Warm_StaysWithinItsBudget(int stepsUnderWay)
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 1024, BlockSize: 16, BlockCount: SequenceCount * 64) { StepsUnderWay = stepsUnderWay };
        SchedulerOptions options = new() { MaxSequences = SequenceCount };
        Inbox inbox = new();
        Backlog backlog = new(options.MaxQueueLength);
        TestMeterFactory meters = new();
        EngineCounters counters = new(backlog);
        Reporter reporter = new(backlog, counters, new Lookout(TimeProvider.System), new Metrics.EngineMetrics(meters, counters, TimeProvider.System), trace: null, TimeProvider.System, onFailure: null);
        EngineLoop loop = new(new ConstantRunner(limits), options, TimeProvider.System, inbox, backlog, reporter);
        Generation[] generations = [.. Enumerable.Range(1, SequenceCount).Chunk(GroupSize).SelectMany(ids => Submit(inbox, ids))];
        for (int i = 0; i < 100; i++) Turn(loop, generations);

        long allocated = Allocated.InStretch(() =>
        {
            for (int i = 0; i < StepCount; i++) Turn(loop, generations);
        });

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

    private static IEnumerable<Generation> Submit(Inbox inbox, int[] ids)
    {
        GenerationRequest request = Rig.Request(21, maxTokens: 900, firstToken: ids[0]);
        Sequence[] sequences = [.. ids.Select(id => new Sequence(id, request with { Guide = id == ids[^1] ? new FreeGuide() : null }, arrival: 0))];
        foreach (Sequence sequence in sequences) sequence.Generation = new Generation(sequence, inbox);
        _ = new PromptGroup(sequences);
        inbox.TryPost(MessageKind.Submit, sequences[0]);
        return sequences.Select(sequence => sequence.Generation!);
    }

    private static async Task<long> BudgetOf(string name)
    {
        await using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "budgets.json"));
        return (await JsonSerializer.DeserializeAsync<Dictionary<string, long>>(file))![name];
    }

    /// <summary>The least a guide can do.</summary>
    private sealed class FreeGuide : ITokenGuide
    {
        public bool IsComplete => false;

        public bool MayEnd => true;

        public ReadOnlySpan<ulong> Allowed => [];

        public bool TryForce(out int token)
        {
            token = 0;
            return false;
        }

        public void Accept(int token)
        {
        }
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
