using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>Log-probabilities of prompts, and their embeddings. Blocks hold four tokens; the rig compares both with what the fake model says of the prompt alone.</summary>
public sealed class PromptReadoutTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, BlockCount: 40) { HiddenSize = 5 };

    [Theory]
    [InlineData(1, 100, 5)]
    [InlineData(2, 100, 5)]
    [InlineData(21, 100, 5)]
    [InlineData(21, 4, 5)]
    [InlineData(21, 1, 0)]
    [InlineData(8, 3, 0)]
    public void Prompt_HoweverCut_IsReadOnce(int promptLength, int budget, int maxTokens)
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = budget });
        GenerationRequest request = Wanting(promptLength, maxTokens);
        Sequence sequence = rig.Add(request);
        int computed = 0;
        while (rig.Scheduler.HasWork) computed += rig.Step().Sum(row => row.TokenCount);
        rig.AssertAsAlone(sequence, request);
        Assert.Equal(FinishReason.Length, rig.EndingOf(sequence));
        Assert.Equal(maxTokens, rig.OutputOf(sequence).Count);
        Assert.Equal(promptLength + Math.Max(0, maxTokens - 1), computed);
        Assert.Equal(promptLength - 1, sequence.Readout!.Scores.Count);
    }

    [Fact]
    public void Waiting_WithAllWantedOfItsPrompt_CostsNothingButIt()
    {
        Rig rig = new(Limits with { HiddenSize = 100_000 });
        GenerationRequest request = Wanting(100_000, 1);
        Assert.InRange(Allocated.InStretch(() => rig.Add(request)), 0, 10_000);
    }

    [Fact]
    public void CachedPrompt_IsComputedAgainWhereItMustBeReadAndFoundByOthersAfterwards()
    {
        Rig rig = new(Limits);
        rig.Add(Rig.Request(21, maxTokens: 1));
        rig.StepUntilIdle();
        GenerationRequest request = Wanting(21, 2);
        Sequence reading = rig.Add(request);
        Assert.Equal(21, rig.Step().Single().TokenCount);
        Sequence another = rig.Add(Rig.Request(21, maxTokens: 2));
        rig.StepUntilIdle();
        rig.AssertAsAlone(reading, request);
        Assert.Equal((0, 20), (reading.CachedTokenCount, another.CachedTokenCount));
    }

    [Fact]
    public void PreemptedInThePrompt_FindsWhatWasReadAndReadsTheRest()
    {
        Rig rig = new(Limits with { BlockCount = 12 }, new SchedulerOptions { MaxBatchTokens = 4 });
        GenerationRequest first = Rig.Request(9, maxTokens: 25, firstToken: 500), second = Wanting(30, 3);
        Sequence older = rig.Add(first);
        while (older.GeneratedCount == 0) rig.Step();
        Sequence reading = rig.Add(second);
        int computed = 0;
        while (rig.Scheduler.PreemptionCount == 0) computed += rig.Step().Where(row => row.Sequence == reading).Sum(row => row.TokenCount);
        Assert.InRange(reading.Readout!.ReadCount, 4, 29);
        while (rig.Scheduler.HasWork) computed += rig.Step().Where(row => row.Sequence == reading).Sum(row => row.TokenCount);
        rig.AssertAsAlone(older, first);
        rig.AssertAsAlone(reading, second);
        Assert.InRange(computed, 33, 61);
    }

    [Fact]
    public void Answers_ToOnePrompt_ShareWhatIsReadOfIt()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        GenerationRequest[] requests = [.. Enumerable.Range(0, 3).Select(i => Wanting(21, 4) with { Sampling = new SamplingParams { Seed = (ulong)i } })];
        Sequence[] group = rig.AddGroup(requests);
        int computed = 0;
        rig.Step();
        rig.Scheduler.End(group[0], FinishReason.Aborted);
        while (rig.Scheduler.HasWork) computed += rig.Step().Sum(row => row.TokenCount);
        for (int i = 1; i < 3; i++) rig.AssertAsAlone(group[i], requests[i]);
        Assert.Equal(13 + 6, computed); // the successor finds the eight tokens that were read
        Assert.Same(group[1].Readout!.Scores, group[2].Readout!.Scores);
    }

    [Fact]
    public void ForcedStart_IsToldOnlyWhenThePromptIsRead()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        FakeGuide guide = new(1000, [[11], [12], [20, 21], [13]]);
        GenerationRequest request = Wanting(21, 30) with { Guide = guide };
        Sequence sequence = rig.Add(request);
        rig.Step();
        rig.Step();
        Assert.Empty(rig.OutputOf(sequence));
        rig.StepUntilIdle();
        rig.AssertAsAlone(sequence, request with { Guide = guide.Fresh() });
        Assert.Equal(FinishReason.Completed, rig.EndingOf(sequence));
    }

    [Fact]
    public void HiddenStateThatIsNoNumber_FailsItsGroupAlone()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        Sequence[] group = rig.AddGroup(Wanting(9, 0), Wanting(9, 4));
        rig.Step(breaksPool: true);
        GenerationRequest request = Rig.Request(9, maxTokens: 3, firstToken: 300);
        Sequence other = rig.Add(request);
        rig.StepUntilIdle();
        Assert.All(group, sequence => Assert.Equal(FinishReason.Failed, rig.EndingOf(sequence)));
        Assert.IsType<ArithmeticException>(rig.FaultOf(group[0]));
        rig.AssertAsAlone(other, request);
    }

    [Fact]
    public void TokenThatCannotBeScored_FailsItsGroupAlone()
    {
        Rig rig = new(Limits);
        Sequence[] group = rig.AddGroup(Wanting(9, 4), Wanting(9, 4));
        GenerationRequest request = Rig.Request(9, maxTokens: 3, firstToken: 300);
        Sequence other = rig.Add(request);
        rig.Step(breaksScore: 3);
        rig.StepUntilIdle();
        Assert.All(group, sequence => Assert.Equal((FinishReason.Failed, "score"), (rig.EndingOf(sequence), rig.FaultOf(sequence)?.Message)));
        rig.AssertAsAlone(other, request);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Fact]
    public async Task Engine_ScoreOnly_EndsWithoutAToken()
    {
        await using Engine engine = new(() => new FakeModelRunner(Limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), TimeProvider.System);
        await engine.Loaded;
        GenerationRequest request = Wanting(9, 0);
        Assert.True(engine.TrySubmit(request, out Generation? generation, out _));
        Assert.Equal(new GenerationEvent(null, FinishReason.Length), await generation.Events.ReadAsync());
        Assert.False(await generation.Events.WaitToReadAsync());
        Assert.Equal(FakeModel.ScorePrompt(request.PromptTokenIds, 2).Select(score => score.Logprob), generation.PromptLogprobs.Select(score => score.Logprob));
        Assert.Equal(FakeModel.Embed(request.PromptTokenIds, 5), generation.Embedding);
    }

    [Fact]
    public async Task Engine_NothingAsked_IsRefusedAsNonsense()
    {
        await using Engine engine = new(() => new FakeModelRunner(Limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), TimeProvider.System);
        await engine.Loaded;
        Assert.Throws<ArgumentException>(() => engine.TrySubmit(Rig.Request(9, maxTokens: 0), out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit([Wanting(9, 1), Wanting(9, 1) with { WantsEmbedding = false }], out _, out _));
        Assert.True(engine.TrySubmit(Rig.Request(9, maxTokens: 1), out Generation? generation, out _));
        await generation.Events.ReadAsync();
        Assert.Empty(generation.PromptLogprobs);
        Assert.Null(generation.Embedding);
    }

    private static GenerationRequest Wanting(int promptLength, int maxTokens) => Rig.Request(promptLength, maxTokens) with { PromptLogprobs = 2, WantsEmbedding = true };
}
