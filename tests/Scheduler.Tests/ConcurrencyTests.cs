using Llama.Model;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>Many callers at once, some of whom leave, over a pool that is too small: every accepted request ends once and gets its own tokens.</summary>
public sealed class ConcurrencyTests
{
    private const int CallerCount = 16;
    private const int RequestsPerCaller = 25;

    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 64, BlockSize: 4, BlockCount: 24);
    private static readonly FakeModel Model = new() { VocabSize = 1000 };

    [Fact]
    public async Task ManyCallers_SubmittingAndLeaving_EachGetTheirOwn()
    {
        SchedulerOptions options = new() { MaxBatchTokens = 24, MaxSequences = 8, MaxQueueLength = 12 };
        await using Engine engine = new(() => new FakeModelRunner(Limits, Model), options, TimeProvider.System);
        await engine.Loaded;
        int[] served = await Task.WhenAll(Enumerable.Range(0, CallerCount).Select(caller => Task.Run(() => Call(engine, new Random(caller)))));
        Assert.Equal(CallerCount * RequestsPerCaller, served.Sum());
        await engine.DrainAsync(CancellationToken.None);
        Assert.Equal((0, 0, 0), (engine.Snapshot.RunningCount, engine.Snapshot.WaitingCount, engine.Snapshot.UsedBlockCount));
    }

    /// <summary>Makes all requests of one caller, coming again when the queue is full; returns how many were accepted and ended as they must.</summary>
    private static async Task<int> Call(Engine engine, Random random)
    {
        int served = 0;
        while (served < RequestsPerCaller)
        {
            GenerationRequest request = RandomRequest(random);
            if (!engine.TrySubmit(request, out Generation? generation, out Refusal? refusal))
            {
                Assert.Equal(RefusalReason.QueueFull, refusal.Reason);
                await Task.Yield();
                continue;
            }
            await Receive(generation, request, leaveAfter: random.Next(3) == 0 ? random.Next(4) : int.MaxValue);
            served++;
        }
        return served;
    }

    private static async Task Receive(Generation generation, GenerationRequest request, int leaveAfter)
    {
        List<GenerationEvent> events = [];
        if (leaveAfter == 0) await generation.DisposeAsync();
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync())
        {
            events.Add(item);
            if (events.Count == leaveAfter) await generation.DisposeAsync();
        }
        int[] expected = Model.Complete(request).Tokens;
        int[] got = [.. events.Where(item => item.Token is not null).Select(item => item.Token!.Value.TokenId)];
        FinishReason finish = Assert.Single(events, item => item.Finish is not null).Finish!.Value;
        Assert.Equal(events[^1].Finish, finish);
        Assert.Equal(expected.Take(got.Length), got);
        if (leaveAfter == int.MaxValue) Assert.Equal((FinishReason.Length, expected.Length), (finish, got.Length));
    }

    private static GenerationRequest RandomRequest(Random random)
    {
        int stemLength = random.Next(16), promptLength = stemLength + random.Next(1, 16);
        return new GenerationRequest
        {
            PromptTokenIds = [.. Enumerable.Range(0, stemLength), .. Enumerable.Range(0, promptLength - stemLength).Select(_ => random.Next(1000))],
            MaxTokens = random.Next(1, 32),
            Priority = random.Next(2),
            ShareKey = random.Next(3),
            Sampling = new SamplingParams { Seed = (ulong)random.NextInt64() },
        };
    }
}
