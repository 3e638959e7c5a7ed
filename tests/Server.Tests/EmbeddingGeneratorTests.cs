using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>The engine as an embedding generator of the process that hosts it: the vectors of the HTTP route, and its refusals in the same words.</summary>
public sealed class EmbeddingGeneratorTests
{
    [Fact]
    public async Task Generate_SameTexts_GivesTheVectorsOfHttp()
    {
        await using ForeignApp foreign = WithGenerator();
        HttpClient client = await foreign.StartAsync();
        var generator = foreign.App.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

        GeneratedEmbeddings<Embedding<float>> here = await generator.GenerateAsync(["A giraffe", "a zebra"]);
        JsonNode there = await TestApp.ReadJsonAsync(await client.PostAsync("/llm/v1/embeddings", TestApp.Json("""{"model":"tiny","input":["A giraffe","a zebra"]}""")));

        Assert.Equal(2, here.Count);
        for (int i = 0; i < here.Count; i++)
            Assert.Equal(there["data"]![i]!["embedding"]!.AsArray().Select(value => (float)value!), here[i].Vector.ToArray());
        Assert.Equal((int)there["usage"]!["prompt_tokens"]!, here.Usage!.InputTokenCount);
        Assert.All(here, one => Assert.Equal(TestModel.Name, one.ModelId));
    }

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

        Assert.Equal(("unsupported_value", "dimensions"), (dimensions.Code, dimensions.Param));
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
