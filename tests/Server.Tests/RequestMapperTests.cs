using Llama.Model.Sampling;
using Llama.Server.Completions;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

public sealed class RequestMapperTests
{
    /// <summary>A body can list a token a million times over: each step of each answer would go through all of them.</summary>
    [Theory]
    [InlineData(true, new[] { 7, 8 })]
    [InlineData(false, new[] { 2, 7, 8 })]
    public async Task Map_TokensListedOverAndOver_HasEachOnceAndForAllAnswersTogether(bool ignoresEos, int[] ends)
    {
        var request = new CompletionRequest
        {
            N = 3,
            Sampling = { AllowedTokenIds = [5, 6, 5, 5], Seed = 11 },
            Stopping = { TokenIds = [7, 8, 7, 8], IgnoresEos = ignoresEos },
        };

        SamplingParams[] all = await MapAsync(request);

        Assert.All(all, sampling => Assert.Equal([5, 6], sampling.AllowedTokenIds));
        Assert.All(all, sampling => Assert.Equal(ends, sampling.StopTokenIds));
        Assert.All(all, sampling => Assert.Same(all[0].AllowedTokenIds, sampling.AllowedTokenIds));
        Assert.All(all, sampling => Assert.Same(all[0].StopTokenIds, sampling.StopTokenIds));
        Assert.Equal(11UL, all[0].Seed);
        Assert.Equal(3, all.Select(sampling => sampling.Seed).Distinct().Count());
    }

    private static async Task<SamplingParams[]> MapAsync(CompletionRequest request)
    {
        await using var app = new TestApp();
        await app.StartAsync();
        Checkpoint checkpoint = app.Services.GetRequiredService<EngineHost>().Checkpoint!;
        (GenerationPlan? plan, _) = await app.Services.GetRequiredService<RequestMapper>().MapAsync(request, [new Prompt([1], "prompt", ContinuesText: false)], checkpoint, default);
        return [.. plan!.Choices.Select(choice => choice.Request.Sampling)];
    }
}
