using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The engine over a model that several devices share: whatever shares a step, a prefix or the blocks, answers are those of one device.</summary>
public sealed class SharedLayersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-shared-tests").FullName;

    public SharedLayersTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 4);

    [Theory]
    [InlineData("cpu", 2)]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 2)]
    public async Task Answers_AmongAbortsWithTooFewBlocksForAll_AreThoseOfOneDevice(string devices, int shared)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => Request(5 + 9 * (i % 5), last: i))];
        List<int[]> alone = [], together = [];
        await using (Engine one = await LoadOn("cpu", 1, blockCount: 100))
        {
            foreach (GenerationRequest request in requests) alone.Add(await TokensOf(Submit(one, request)));
        }
        await using Engine several = await LoadOn(devices, shared, blockCount: 18);
        for (int round = 0; round < 2; round++)
        {
            Task<int[]>[] answers = [.. requests.Select(request => TokensOf(Submit(several, request)))];
            foreach (GenerationRequest request in requests.Take(4))
            {
                await using Generation leaving = Submit(several, request with { MaxTokens = 60 });
                await leaving.Events.ReadAsync();
            }
            Assert.Equal(alone, await Task.WhenAll(answers));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static GenerationRequest Request(int promptLength, int last) => new()
    {
        PromptTokenIds = [.. Enumerable.Range(0, promptLength).Select(i => (i * i + 3) % 200), last],
        MaxTokens = 24,
        Sampling = SamplingParams.Greedy,
    };

    private static Generation Submit(Engine engine, GenerationRequest request)
    {
        Assert.True(engine.TrySubmit(request, out Generation? generation, out _));
        return generation;
    }

    private static async Task<int[]> TokensOf(Generation generation)
    {
        List<int> tokens = [];
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync())
            if (item.Token is { } token) tokens.Add(token.TokenId);
        return [.. tokens];
    }

    private async Task<Engine> LoadOn(string devices, int shared, int blockCount)
    {
        ModelOptions options = new() { Path = _folder, Device = devices, TensorParallel = shared, Dtype = "float32", Threads = 2, BlockCount = blockCount, MaxSequences = 16 };
        Engine engine = new(() => ModelRunner.Load(options), new SchedulerOptions { MaxBatchTokens = 64, MaxSequences = 16 }, TimeProvider.System);
        await engine.Loaded;
        return engine;
    }
}
