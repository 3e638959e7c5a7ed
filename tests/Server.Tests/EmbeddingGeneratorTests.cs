using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>The engine as an embedding generator of the process that hosts it: what it refuses, and in which words.</summary>
public sealed class EmbeddingGeneratorTests
{
    [Fact]
    public async Task Generate_WhatCannotBe_IsRefusedByName()
    {
        await using ForeignApp foreign = WithGenerator();
        await foreign.StartReadyAsync();
        var generator = foreign.App.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

        LlamaException dimensions = await Assert.ThrowsAsync<LlamaException>(() => generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 8 }));
        LlamaException model = await Assert.ThrowsAsync<LlamaException>(() => generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { ModelId = "x" }));
        LlamaException empty = await Assert.ThrowsAsync<LlamaException>(() => generator.GenerateAsync(["a", ""]));
        LlamaException format = await Assert.ThrowsAsync<LlamaException>(() =>
            generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { AdditionalProperties = new() { ["encoding_format"] = "base64" } }));

        Assert.Equal(("unsupported_parameter", "dimensions"), (dimensions.Code, dimensions.Param));
        Assert.Equal((404, "model_not_found"), (model.Status, model.Code));
        Assert.Equal(("invalid_value", "input[1]"), (empty.Code, empty.Param));
        Assert.Equal(("unsupported_parameter", "encoding_format"), (format.Code, format.Param));
        await Assert.ThrowsAsync<NotSupportedException>(() => generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { RawRepresentationFactory = _ => new object() }));
    }

    [Fact]
    public async Task Generate_Nothing_GivesNothing()
    {
        await using ForeignApp foreign = WithGenerator();
        await foreign.StartAsync();
        var generator = foreign.App.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

        Assert.Empty(await generator.GenerateAsync([]));
        Assert.Equal(TestModel.Name, generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelId);
    }

    private static ForeignApp WithGenerator()
    {
        var foreign = new ForeignApp(new TestModel());
        foreign.Builder.Services.AddLlamaEmbeddingGenerator();
        return foreign;
    }
}
