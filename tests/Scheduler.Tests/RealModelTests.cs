using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The engine with a small random Llama behind it, in deterministic mode: what shares a step, a prompt or a block must not show.</summary>
public sealed class RealModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-engine-tests").FullName;

    public RealModelTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 4);

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(21)]
    [InlineData(40)]
    public async Task Answers_ToOnePrompt_AreThoseOfSeparateRequestsAndItIsComputedOnce(int promptLength)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => Request(promptLength, seed: i))];
        int computed = 0;
        List<int[]> together = [], alone = [];
        await Run(step => computed += step.TokenCount, async engine =>
        {
            Assert.True(engine.TrySubmit(requests, out IReadOnlyList<Generation>? generations, out _));
            foreach (Generation generation in generations) together.Add(await TokensOf(generation));
        });
        await Run(_ => { }, async engine =>
        {
            foreach (GenerationRequest request in requests)
            {
                Assert.True(engine.TrySubmit(request, out Generation? generation, out _));
                alone.Add(await TokensOf(generation));
            }
        });
        Assert.Equal(alone, together);
        Assert.Equal(4, together.Select(tokens => string.Join(' ', tokens)).Distinct().Count());
        Assert.Equal(promptLength + together.Sum(tokens => tokens.Length - 1), computed);
    }

    [Theory]
    [InlineData("cpu:0,cpu:1")]
    [InlineData("cpu:0,cpu:1,cpu:2")]
    public async Task Answers_OnSeveralDevicesInAnyCompany_AreThoseOfOneDeviceAlone(string devices)
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 3 }, TensorDtype.BF16, seed: 4);
        const int count = 16;
        List<int[]> alone = [], together = [];
        await Run(_ => { }, async engine =>
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(engine.TrySubmit(Mixed(i), out Generation? generation, out _));
                alone.Add(await TokensOf(generation));
            }
        });
        await Run(_ => { }, async engine =>
        {
            List<Generation> generations = [];
            for (int i = 0; i < count; i++)
            {
                Assert.True(engine.TrySubmit(Mixed(i), out Generation? generation, out _));
                generations.Add(generation);
                Assert.True(engine.TrySubmit([Mixed(i + 1) with { Guide = null }, Mixed(i + 1) with { Guide = null }], out IReadOnlyList<Generation>? leaving, out _));
                await leaving[i % 2].Events.ReadAsync(); // some go on for a while
                foreach (Generation one in leaving) await one.DisposeAsync();
            }
            foreach (Generation generation in generations) together.Add(await TokensOf(generation));
        }, devices: devices);
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task Guide_AloneOrBesideOthersOrPreempted_GivesTheSameTokens()
    {
        int[][] places = [.. Enumerable.Range(0, 30).Select(i => i % 4 == 3 ? Enumerable.Range(5 * i, 5).ToArray() : [7 * i % 200])];
        GenerationRequest request = Request(21, seed: 1) with { MaxTokens = 30 };
        List<int[]> outputs = [];
        foreach (int others in new[] { 0, 1, 6 })
        {
            await Run(_ => { }, async engine =>
            {
                for (int i = 0; i < others; i++) Assert.True(engine.TrySubmit(Request(50, seed: i), out _, out _));
                Assert.True(engine.TrySubmit(request with { Guide = new FakeGuide(200, places), Priority = 1 }, out Generation? generation, out _));
                outputs.Add(await TokensOf(generation));
            });
        }
        Assert.Equal(places.Length, outputs[0].Length);
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    [Fact]
    public async Task Readout_HoweverCutAndBesideWhatever_IsBitwiseTheSame()
    {
        GenerationRequest request = Request(70, seed: 1) with { MaxTokens = 0, PromptLogprobs = 3, WantsEmbedding = true };
        List<(float[] Scores, int[] Ranks, float[] Embedding)> readouts = [];
        foreach ((int budget, int others) in new[] { (512, 0), (7, 0), (16, 3), (512, 5) })
        {
            await Run(_ => { }, async engine =>
            {
                for (int i = 0; i < others; i++) Assert.True(engine.TrySubmit(Request(50, seed: i), out _, out _));
                Assert.True(engine.TrySubmit(request, out Generation? generation, out _));
                Assert.Equal(new GenerationEvent(null, FinishReason.Length), await generation.Events.ReadAsync());
                readouts.Add(([.. generation.PromptLogprobs.SelectMany(score => score.Top.Select(top => top.Logprob).Prepend(score.Logprob))], [.. generation.PromptLogprobs.Select(score => score.Rank)], generation.Embedding!));
            }, budget);
        }
        Assert.Equal(69 * 4, readouts[0].Scores.Length);
        Assert.All(readouts, readout => Assert.Equal(readouts[0].Scores, readout.Scores));
        Assert.All(readouts, readout => Assert.Equal(readouts[0].Ranks, readout.Ranks));
        Assert.All(readouts, readout => Assert.Equal(readouts[0].Embedding, readout.Embedding));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static GenerationRequest Request(int promptLength, int seed) => new()
    {
        PromptTokenIds = [.. Enumerable.Range(0, promptLength).Select(i => (i * i + 3) % 200)],
        MaxTokens = 24,
        Sampling = new SamplingParams { Seed = (ulong)seed },
    };

    // Every third greedy, some with penalties, a guide or log-probabilities.
    private static GenerationRequest Mixed(int i) => Request(5 + i * 11 % 60, seed: i) with
    {
        MaxTokens = 10 + i % 5 * 4,
        Guide = i % 5 == 4 ? new FakeGuide(200, [.. Enumerable.Range(0, 12).Select(place => place % 4 == 3 ? [place] : Enumerable.Range(5 * place, 9).ToArray())]) : null,
        Sampling = new SamplingParams { Seed = (ulong)i, Temperature = i % 3 == 0 ? 0 : 1, TopP = i % 4 == 1 ? 0.8f : 1, PresencePenalty = i % 6 == 4 ? 1.5f : 0, TopLogprobs = i % 7 == 3 ? 4 : null },
    };

    private static async Task<int[]> TokensOf(Generation generation)
    {
        List<int> tokens = [];
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync()) tokens.Add(item.Token!.Value.TokenId);
        return [.. tokens];
    }

    private async Task Run(Action<ForwardBatch> onStep, Func<Engine, Task> use, int budget = 512, string devices = "cpu")
    {
        ModelOptions options = new() { Path = _folder, Device = devices, Deterministic = true, BlockCount = 18, MaxSequences = 16 };
        await using Engine engine = new(() => devices == "cpu" ? new ObservedRunner(ModelRunner.Load(options), onStep) : ModelRunner.Load(options), new SchedulerOptions { MaxBatchTokens = budget, MaxSequences = 16 }, TimeProvider.System);
        await engine.Loaded;
        await use(engine);
    }

    private sealed class ObservedRunner(IModelRunner inner, Action<ForwardBatch> onStep) : IModelRunner
    {
        public ModelLimits Limits => inner.Limits;

        public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
        {
            onStep(batch);
            inner.Run(batch, sampled, scored);
        }

        public void Dispose() => inner.Dispose();
    }
}
