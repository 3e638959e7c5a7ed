using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>
/// Random configurations, mostly too small for what is asked of them, under random arrivals, aborts, timeouts and failing steps. Whatever happens, the pool's laws and those of a step
/// (<see cref="StepLaws"/>) hold at every step, every sequence ends once and before long, and each gets the tokens that it would have got alone.
/// </summary>
public sealed class RandomWalkTests
{
    private const int WalkCount = 300;
    private const int StepsPerWalk = 40;
    private const int StepsToRest = 10_000; // far more than any walk takes

    private long _stepCount, _preemptionCount, _hitCount, _aheadCount;
    private readonly HashSet<FinishReason> _endings = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void EverySequence_InAnyWalk_GetsTheTokensItWouldGetAlone(int stepsUnderWay)
    {
        for (int seed = 0; seed < WalkCount; seed++)
        {
            try
            {
                Walk(new Random(seed), stepsUnderWay);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Walk {seed} failed: {exception.Message}", exception);
            }
        }
        Assert.True(_stepCount >= 10_000, $"only {_stepCount} steps");
        Assert.True(_preemptionCount >= (stepsUnderWay == 1 ? 500 : 250), $"only {_preemptionCount} preemptions");
        Assert.True(_hitCount >= 2_000, $"only {_hitCount} prefix tokens found");
        Assert.True(_aheadCount >= 500 || stepsUnderWay > 1, $"only {_aheadCount} steps were begun before they were asked for");
        Assert.Equal(Enum.GetValues<FinishReason>().Length, _endings.Count);
    }

    private void Walk(Random random, int stepsUnderWay)
    {
        Rig rig = RandomRig(random, stepsUnderWay, out ModelLimits limits);
        int stepsPerFailure = random.Next(3) switch { 0 => int.MaxValue, 1 => 100, _ => 12 }, promptsPerGroup = random.Next(1, 6);
        int[][] stems = [.. Enumerable.Range(0, 2).Select(_ => RandomTokens(random, limits, limits.ContextLength))];
        List<(Sequence Sequence, GenerationRequest Request)> all = [];
        for (int step = 0; step < StepsPerWalk || rig.Scheduler.HasWork; step++)
        {
            if (step < StepsPerWalk && random.Next(2) == 0) all.AddRange(Submit(rig, RandomGroup(random, limits, stems, promptsPerGroup)));
            if (all.Count > 0 && random.Next(20) == 0) rig.Scheduler.End(all[random.Next(all.Count)].Sequence, FinishReason.Aborted);
            rig.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(10)));
            rig.Step(fails: random.Next(stepsPerFailure) == 0, hadRun: random.Next(2) == 0, breaksScore: random.Next(50) == 0 ? random.Next(8) : null, breaksPool: random.Next(200) == 0);
            Assert.True(step < StepsPerWalk + StepsToRest, "It does not come to rest.");
        }
        Assert.Equal((0, rig.Scheduler.Blocks.TotalCount), (rig.Scheduler.Blocks.UsedCount, rig.Scheduler.Blocks.AvailableCount));
        foreach ((Sequence sequence, GenerationRequest request) in all)
        {
            rig.AssertAsAlone(sequence, request);
            _endings.Add(rig.EndingOf(sequence)!.Value);
            _hitCount += sequence.CachedTokenCount;
        }
        _stepCount += rig.BegunCount;
        _preemptionCount += rig.Scheduler.PreemptionCount;
        _aheadCount += rig.Ahead?.Counts.Hits ?? 0;
    }

    private static IEnumerable<(Sequence, GenerationRequest)> Submit(Rig rig, GenerationRequest[] requests) =>
        rig.AddGroup(requests).Zip(requests.Select(request => request with { Guide = ((FakeGuide?)request.Guide)?.Fresh() }));

    private static Rig RandomRig(Random random, int stepsUnderWay, out ModelLimits limits)
    {
        int blockSize = random.Next(1, 6), blockCount = random.Next(2, 20);
        limits = new ModelLimits(VocabSize: 40, ContextLength: random.Next(2, (blockSize * blockCount) + 2), blockSize, blockCount) { HiddenSize = 3, RunsAhead = random.Next(2) == 0 && stepsUnderWay == 1, StepsUnderWay = stepsUnderWay, SpreadFrom = stepsUnderWay == 1 || random.Next(2) == 0 ? 2 : random.Next(3, 12) };
        SchedulerOptions options = new()
        {
            MaxBatchTokens = random.Next(1, 60),
            MaxSequences = random.Next(1, 16),
            PrefixCache = random.Next(5) > 0,
        };
        ulong hashMask = random.Next(3) switch { 0 => 0, 1 => 3, _ => ulong.MaxValue }; // colliding hashes must only cost time
        return new Rig(limits, options, hashMask: hashMask) { RunsAtOnce = random.Next(2) == 0 };
    }

    private static GenerationRequest[] RandomGroup(Random random, ModelLimits limits, int[][] stems, int promptsPerGroup)
    {
        GenerationRequest first = RandomRequest(random, limits, stems) with
        {
            PromptLogprobs = random.Next(6) == 0 ? random.Next(3) : null,
            WantsEmbedding = random.Next(8) == 0,
        };
        if (first.PromptLogprobs is not null && random.Next(3) == 0) first = first with { MaxTokens = 0 };
        int count = random.Next(promptsPerGroup) == 0 ? random.Next(2, 6) : 1;
        return [first, .. Enumerable.Range(1, count - 1).Select(_ => Another())];

        GenerationRequest Another() => RandomRequest(random, limits, stems) with
        {
            PromptTokenIds = first.PromptTokenIds,
            MaxTokens = random.Next(Math.Min(1, first.MaxTokens), first.MaxTokens + 1),
            PromptLogprobs = first.PromptLogprobs,
            WantsEmbedding = first.WantsEmbedding,
            Priority = first.Priority,
            ShareKey = first.ShareKey,
            CacheSalt = first.CacheSalt,
        };
    }

    private static GenerationRequest RandomRequest(Random random, ModelLimits limits, int[][] stems)
    {
        int most = limits.LongestSequence;
        int promptLength = random.Next(1, 1 + (most / 2));
        int stemLength = Math.Min(promptLength, random.Next(2 * promptLength));
        FakeGuide? guide = random.Next(3) == 0 ? RandomGuide(random, limits) : null;
        return new GenerationRequest
        {
            PromptTokenIds = [.. stems[random.Next(stems.Length)].Take(stemLength), .. RandomTokens(random, limits, promptLength - stemLength)],
            MaxTokens = random.Next(1, most - promptLength + 1),
            Priority = random.Next(3),
            ShareKey = random.Next(3),
            ShareWeight = random.Next(1, 4),
            CacheSalt = random.Next(4) == 0 ? 1ul : 0,
            Guide = guide,
            Timeout = random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(150)) : null,
            Sampling = new SamplingParams
            {
                Seed = (ulong)random.Next(3),
                StopTokenIds = [7],
                MinTokens = random.Next(3),
                AllowedTokenIds = guide is null && random.Next(6) == 0 ? [.. Enumerable.Range(random.Next(2, 8), 9)] : null,
                TopLogprobs = random.Next(6) == 0 ? random.Next(3) : null,
                PresencePenalty = random.Next(4) == 0 ? 1 : 0,
            },
        };
    }

    private static FakeGuide RandomGuide(Random random, ModelLimits limits)
    {
        int length = random.Next(12);
        // No stop token, which would be a dead end while the minimum of tokens holds it back.
        int[][] places = [.. Enumerable.Range(0, length).Select(_ => Enumerable.Range(random.Next(8, 30), random.Next(2) == 0 ? 1 : 3).ToArray())];
        return new FakeGuide(limits.VocabSize, places)
        {
            Ends = [.. Enumerable.Range(0, length).Where(_ => random.Next(4) == 0)],
            ThrowsAt = random.Next(20) == 0 ? random.Next(length + 1) : null,
        };
    }

    private static int[] RandomTokens(Random random, ModelLimits limits, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(limits.VocabSize))];
}
