using Llama.Model;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>
/// Callers on several threads submit groups to an engine that is too small for them, leave, run out of time, and see steps fail. Every generation ends exactly once,
/// those that end by themselves as they would alone, what was counted is what the callers saw, and at the end nothing is left: no block, no place in the queue.
/// </summary>
public sealed class EngineStormTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 100, ContextLength: 60, BlockSize: 4, BlockCount: 16) { HiddenSize = 3 };
    private static readonly FakeModel Model = new() { VocabSize = 100 };

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(true, 4)]
    public async Task EveryGeneration_InAStorm_EndsOnceAndLeavesNothing(bool prefixCache, int stepsUnderWay)
    {
        SchedulerOptions options = new() { MaxBatchTokens = 24, MaxSequences = 5, MaxQueueLength = 40, PrefixCache = prefixCache };
        Random chance = new(1); // of the engine's thread
        void FailSometimes(long step)
        {
            if (chance.Next(60) == 0) throw new InvalidOperationException("a step");
        }

        BrittleRunner Create() => new(new FakeModelRunner(Limits with { StepsUnderWay = stepsUnderWay }, Model) { OnStep = FailSometimes }, begins: () => chance.Next(60) > 0);

        using Ledger ledger = new();
        await using Engine engine = new(Create, options, TimeProvider.System, ledger.Meters);
        await engine.Loaded;
        Seen[] seen = await CallAsync(engine);
        await engine.DrainAsync(CancellationToken.None);

        ledger.AssertTellsOf(seen);
        FinishReason[] ended = [.. seen.Select(each => each.Finish)];
        Dictionary<FinishReason, int> counts = ended.CountBy(finish => finish).ToDictionary();
        string all = string.Join(", ", counts);
        Assert.True(ended.Length > 1000, all);
        Assert.True(Enum.GetValues<FinishReason>().All(counts.ContainsKey), all);
        Assert.True(ended.Count(IsWhole) > 300, all);
        Assert.Equal((0, 0, 0), (engine.Snapshot.RunningCount, engine.Snapshot.WaitingCount, engine.Snapshot.UsedBlockCount));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task EveryGeneration_RunnerIsLostAmidAStorm_EndsOnceAndLeavesNothing(int stepsUnderWay)
    {
        foreach (int lostAt in (int[])[1, 2, 3, 10, 50, 200])
        {
            bool isLostAtItsBeginning = lostAt % 2 == 0;
            void Lose() => throw new RunnerLostException("lost", new InvalidOperationException());

            BrittleRunner Create()
            {
                int begun = 0;
                FakeModelRunner inner = new(Limits with { StepsUnderWay = stepsUnderWay }, Model) { OnStep = step => { if (step == lostAt && !isLostAtItsBeginning) Lose(); } };
                return new BrittleRunner(inner, begins: () =>
                {
                    if (++begun == lostAt && isLostAtItsBeginning) Lose();
                    return true;
                });
            }

            using Ledger ledger = new();
            await using Engine engine = new(Create, new SchedulerOptions { MaxBatchTokens = 24, MaxSequences = 5, MaxQueueLength = 40 }, TimeProvider.System, ledger.Meters);
            await engine.Loaded;
            Seen[] seen = await CallAsync(engine);
            await Assert.ThrowsAsync<RunnerLostException>(() => engine.Completion);

            ledger.AssertTellsOf(seen);
            Assert.Contains(seen, each => each.Finish == FinishReason.Failed);
            Assert.Equal((0, 0, 0), (engine.Snapshot.RunningCount, engine.Snapshot.WaitingCount, engine.Snapshot.UsedBlockCount));
        }
    }

    private static async Task<Seen[]> CallAsync(Engine engine) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(() => CallAsync(engine, new Random(caller)))))).SelectMany(seen => seen)];

    /// <summary>Calls until it has called often enough, or the engine is gone.</summary>
    private static async Task<List<Seen>> CallAsync(Engine engine, Random random)
    {
        List<Seen> seen = [];
        for (int round = 0; round < 150; round++)
        {
            GenerationRequest[] requests = RandomGroup(random);
            IReadOnlyList<Generation>? generations;
            while (!engine.TrySubmit(requests, out generations, out Refusal? refusal))
            {
                if (engine.State == EngineState.Failed || refusal.Reason is RefusalReason.Draining) return seen;
                Assert.True(refusal.Reason is RefusalReason.QueueFull or RefusalReason.Deadline, refusal.ToString());
                if (refusal.Reason == RefusalReason.Deadline) requests = [.. requests.Select(request => request with { Timeout = null })];
                await Task.Delay(1);
            }
            int?[] leaveAfter = [.. requests.Select(_ => random.Next(4) == 0 ? random.Next(6) : (int?)null)];
            seen.AddRange(await Task.WhenAll(generations.Select((generation, i) => ReadAsync(generation, requests[i], leaveAfter[i]))));
        }
        return seen;
    }

    private static async Task<Seen> ReadAsync(Generation generation, GenerationRequest request, int? leaveAfter)
    {
        List<int> tokens = [];
        FinishReason? finish = null;
        if (leaveAfter == 0) await generation.DisposeAsync();
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync())
        {
            Assert.Null(finish);
            finish = item.Finish;
            if (item.Token is { } token) tokens.Add(token.TokenId);
            if (tokens.Count == leaveAfter) await generation.DisposeAsync();
        }
        (int[] expected, FinishReason expectedFinish) = Model.Complete(request with { Guide = ((FakeGuide?)request.Guide)?.Fresh() });
        Assert.NotNull(finish);
        bool isWhole = IsWhole(finish.Value);
        Assert.Equal(isWhole ? expected : expected.Take(tokens.Count), tokens);
        if (isWhole) Assert.Equal(expectedFinish, finish);
        if (isWhole && request.PromptLogprobs is not null)
            Assert.Equal(FakeModel.ScorePrompt(request.PromptTokenIds, 0).Select(score => score.Rank), generation.PromptLogprobs.Select(score => score.Rank));
        return new Seen(finish.Value, tokens.Count);
    }

    private static bool IsWhole(FinishReason finish) => finish is FinishReason.Stop or FinishReason.Completed or FinishReason.Length;

    private static GenerationRequest[] RandomGroup(Random random)
    {
        GenerationRequest first = Rig.Request(random.Next(1, 30), maxTokens: 0, firstToken: random.Next(3)) with
        {
            PromptLogprobs = random.Next(5) == 0 ? 0 : null,
            Priority = random.Next(2),
            ShareKey = random.Next(2),
        };
        return [.. Enumerable.Range(0, random.Next(3) == 0 ? random.Next(2, 9) : 1).Select(_ => first with
        {
            MaxTokens = random.Next(first.PromptLogprobs is null ? 1 : 0, 20),
            Timeout = random.Next(12) == 0 ? TimeSpan.FromMilliseconds(random.Next(3)) : null,
            Guide = random.Next(4) == 0 ? new FakeGuide(Limits.VocabSize, [.. Enumerable.Range(0, random.Next(8)).Select(_ => Enumerable.Range(50, random.Next(1, 3)).ToArray())]) : null,
            Sampling = new SamplingParams { Seed = (ulong)random.Next(5), StopTokenIds = [random.Next(10, 20)] },
        })];
    }
}
