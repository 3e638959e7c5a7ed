using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The engine with a small random Llama on an emulated CUDA device: graphs, two steps under way, prompts beside decoding, too few blocks.</summary>
public sealed class EmulatedDeviceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-device-tests").FullName;

    public EmulatedDeviceTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 4);

    [CudaEmulatorFact]
    public async Task Answers_InAnyCompany_AreThoseOfEachAlone()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(Request)];
        List<int[]> alone = [], together = [];
        EngineRun quiet = await Run(blockCount: 60, async engine =>
        {
            foreach (GenerationRequest request in requests)
            {
                Assert.True(engine.TrySubmit(Fresh(request), out Generation? generation, out _));
                alone.Add(await TokensOf(generation));
            }
        });
        EngineRun busy = await Run(blockCount: 14, async engine =>
        {
            List<Generation> generations = [];
            foreach (GenerationRequest request in requests)
            {
                Assert.True(engine.TrySubmit(Fresh(request), out Generation? generation, out _));
                generations.Add(generation);
                Assert.True(engine.TrySubmit(Request(generations.Count + 20), out Generation? leaving, out _));
                await leaving.Events.ReadAsync(); // some go on for a while
                await leaving.DisposeAsync();
            }
            foreach (Generation generation in generations) together.Add(await TokensOf(generation));
        });
        Assert.Equal(alone, together);
        Assert.InRange(quiet.AheadCount, quiet.StepCount / 2, quiet.StepCount); // a lone sequence decodes without a gap
        Assert.InRange(busy.AheadCount, 1, busy.StepCount);
        Assert.Equal("", quiet.Leaks + busy.Leaks);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every third greedy, some with what a step must prepare on the host: penalties, a guide, log-probabilities.
    private static GenerationRequest Request(int i) => new()
    {
        PromptTokenIds = [.. Enumerable.Range(0, 5 + i * 7 % 40).Select(t => (t * t + 3 + i % 2) % 200)],
        MaxTokens = 10 + i % 5 * 4,
        Guide = i % 6 == 5 ? new FakeGuide(200, [.. Enumerable.Range(0, 12).Select(place => place % 4 == 3 ? [place] : Enumerable.Range(5 * place, 9).ToArray())]) : null,
        Sampling = new SamplingParams
        {
            Seed = (ulong)i,
            Temperature = i % 3 == 0 ? 0 : 1,
            TopP = i % 4 == 1 ? 0.8f : 1,
            TopK = i % 5 == 2 ? 20 : 0,
            PresencePenalty = i % 6 == 4 ? 1.5f : 0,
            TopLogprobs = i % 7 == 3 ? 4 : null,
        },
    };

    private static GenerationRequest Fresh(GenerationRequest request) => request with { Guide = ((FakeGuide?)request.Guide)?.Fresh() };

    private static async Task<int[]> TokensOf(Generation generation)
    {
        List<int> tokens = [];
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync()) tokens.Add(item.Token!.Value.TokenId);
        return [.. tokens];
    }

    private async Task<EngineRun> Run(int blockCount, Func<Engine, Task> use)
    {
        ModelOptions options = new() { Path = _folder, Deterministic = true, BlockCount = blockCount, MaxSequences = 8, MaxBatchTokens = 24 };
        SchedulerOptions scheduling = new() { MaxBatchTokens = options.MaxBatchTokens, MaxSequences = options.MaxSequences };
        EmulatedDevice device = new() { CanOverlap = true };
        CountingRunner? runner = null;
        await using (Engine engine = new(() => runner = new CountingRunner(ModelRunner.Load(options, device.Choice)), scheduling, TimeProvider.System))
        {
            await engine.Loaded;
            await use(engine);
        }
        return new EngineRun(runner!.StepCount, runner.AheadCount, device.Leaks);
    }

    private sealed record EngineRun(int StepCount, int AheadCount, string Leaks);

    private sealed class CountingRunner(IModelRunner inner) : IModelRunner
    {
        public ModelLimits Limits => inner.Limits;

        public bool IsAhead => inner.IsAhead;

        public int StepCount { get; private set; }

        public int AheadCount { get; private set; }

        public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
        {
            StepCount++;
            if (inner.IsAhead) AheadCount++;
            inner.Run(batch, sampled, scored);
        }

        public void Dispose() => inner.Dispose();
    }
}
