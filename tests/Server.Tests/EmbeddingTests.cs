using System.ClientModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using OpenAI.Embeddings;

namespace Llama.Server.Tests;

/// <summary><c>/v1/embeddings</c>, by the official client and by hand.</summary>
public sealed class EmbeddingTests
{
    [Fact]
    public async Task GenerateEmbeddings_Batch_GivesUnitVectorsInOrderAndCounts()
    {
        await using var app = new TestApp();
        EmbeddingClient client = (await app.ConnectAsync()).GetEmbeddingClient(TestApp.ModelName);
        string[] texts = ["A giraffe", "a zebra and another", "A giraffe"];

        OpenAIEmbeddingCollection all = await client.GenerateEmbeddingsAsync(texts);
        OpenAIEmbedding alone = await client.GenerateEmbeddingAsync(texts[1]);

        Assert.Equal([0, 1, 2], all.Select(one => one.Index));
        Assert.All(all, one => Assert.Equal(1, Norm(one.ToFloats().Span), 1e-6));
        Assert.Equal(alone.ToFloats().ToArray(), all[1].ToFloats().ToArray());
        Assert.Equal(all[0].ToFloats().ToArray(), all[2].ToFloats().ToArray());
        Assert.NotEqual(all[0].ToFloats().ToArray(), all[1].ToFloats().ToArray());
        Assert.Equal(TestApp.ModelName, all.Model);
        Assert.Equal(texts.Sum(text => TestApp.Tokenizer.Encode(text, addBos: true).Length), all.Usage.InputTokenCount);
        Assert.Equal(all.Usage.InputTokenCount, all.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task GenerateEmbeddings_Tokens_EqualTheirText()
    {
        await using var app = new TestApp();
        EmbeddingClient client = (await app.ConnectAsync()).GetEmbeddingClient(TestApp.ModelName);

        OpenAIEmbedding text = await client.GenerateEmbeddingAsync("A giraffe", new EmbeddingGenerationOptions { EndUserId = "someone" });
        OpenAIEmbeddingCollection tokens = await client.GenerateEmbeddingsAsync([TestApp.Tokenizer.Encode("A giraffe", addBos: true), TestApp.Tokenizer.Encode("A giraffe")]);

        Assert.Equal(text.ToFloats().ToArray(), tokens[0].ToFloats().ToArray());
        Assert.NotEqual(text.ToFloats().ToArray(), tokens[1].ToFloats().ToArray()); // tokens are taken as they are
    }

    [Fact]
    public async Task GenerateEmbeddings_Dimensions_AreTheModelsOrRefusedWithThem()
    {
        await using var app = new TestApp();
        EmbeddingClient client = (await app.ConnectAsync()).GetEmbeddingClient(TestApp.ModelName);

        ReadOnlyMemory<float> free = (await client.GenerateEmbeddingAsync("A giraffe")).Value.ToFloats();
        ReadOnlyMemory<float> asked = (await client.GenerateEmbeddingAsync("A giraffe", new EmbeddingGenerationOptions { Dimensions = free.Length })).Value.ToFloats();
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() =>
            client.GenerateEmbeddingAsync("A giraffe", new EmbeddingGenerationOptions { Dimensions = free.Length / 2 }));

        Assert.Equal(free.ToArray(), asked.ToArray());
        Assert.Equal(400, error.Status);
        Assert.Contains($"Unsupported value for 'dimensions': this model's embeddings have {free.Length} dimensions", error.Message);
    }

    [Fact]
    public async Task Embed_FloatAndBase64_AreTheSameNumbers()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode numbers = await EmbedAsync(client, """{"model":"tiny","input":["A giraffe","B"]}""");
        JsonNode text = await EmbedAsync(client, """{"model":"tiny","input":["A giraffe","B"],"encoding_format":"base64"}""");

        Assert.Equal(["data", "model", "object", "usage"], numbers.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal(["prompt_tokens", "total_tokens"], numbers["usage"]!.AsObject().Select(pair => pair.Key).Order());
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(["embedding", "index", "object"], numbers["data"]![i]!.AsObject().Select(pair => pair.Key).Order());
            float[] plain = [.. numbers["data"]![i]!["embedding"]!.AsArray().Select(value => (float)value!)];
            Assert.Equal(plain, MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)text["data"]![i]!["embedding"]!)).ToArray());
        }
    }

    [Theory]
    [InlineData("8", "3")]
    [InlineData("2", "1024")]
    public async Task Embed_MoreInputsThanTheServerHolds_AreAllEmbedded(string sequences, string queue)
    {
        await using var app = new TestApp { Settings = { ["Scheduler:MaxSequences"] = sequences, ["Scheduler:MaxQueueLength"] = queue } };
        HttpClient client = await app.StartAsync();
        string inputs = string.Join(',', Enumerable.Range(0, 50).Select(i => $"\"text {i % 7}\""));

        JsonNode answer = await EmbedAsync(client, $$"""{"model":"tiny","input":[{{inputs}}]}""");

        JsonArray data = answer["data"]!.AsArray();
        Assert.Equal(Enumerable.Range(0, 50), data.Select(item => (int)item!["index"]!));
        for (int i = 7; i < 50; i++)
            Assert.Equal(data[i % 7]!["embedding"]!.ToJsonString(), data[i]!["embedding"]!.ToJsonString());
    }

    [Fact]
    public async Task Embed_ClientLeaves_ItsBlocksComeFree()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        using var leave = new CancellationTokenSource();

        Task<HttpResponseMessage> answer = client.PostAsync("/v1/embeddings", TestApp.Json("""{"model":"tiny","input":["a","b","c"]}"""), leave.Token);
        await Wait.Until(() => slow.IsHolding);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        slow.Release();

        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, WaitingCount: 0, UsedBlockCount: 0 });
    }

    [Fact]
    public async Task Embed_StepFails_Is500()
    {
        long failing = long.MaxValue;
        await using var app = new TestApp { OnStep = step => { if (step >= Interlocked.Read(ref failing)) throw new InvalidOperationException("broken"); } };
        HttpClient client = await app.StartAsync();
        Interlocked.Exchange(ref failing, 0);

        HttpResponseMessage answer = await client.PostAsync("/v1/embeddings", TestApp.Json("""{"model":"tiny","input":["a","b"]}"""));

        await ErrorTests.AssertErrorAsync(answer, HttpStatusCode.InternalServerError, "internal_error", null);
    }

    [Fact]
    public async Task Embed_WhileLoading_Is503()
    {
        using var loaded = new ManualResetEventSlim();
        await using var app = new TestApp { OnLoad = loaded.Wait };

        HttpResponseMessage answer = await app.CreateClient().PostAsync("/v1/embeddings", TestApp.Json("""{"model":"tiny","input":"a"}"""));

        await ErrorTests.AssertErrorAsync(answer, HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.NotNull(answer.Headers.RetryAfter);
        loaded.Set();
    }

    private static double Norm(ReadOnlySpan<float> vector)
    {
        double sum = 0;
        foreach (float value in vector)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }

    private static async Task<JsonNode> EmbedAsync(HttpClient client, string json)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/embeddings", TestApp.Json(json));
        JsonNode answer = await TestApp.ReadJsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer;
    }
}
