using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>Chunks are written by hand; the types that describe them must be what is written.</summary>
public sealed class ChunkSchemaTests
{
    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = false,
    };

    [Theory]
    [InlineData("")]
    [InlineData(""","logprobs":true,"top_logprobs":2,"return_token_ids":true,"n":2""")]
    [InlineData(""","stream_options":{"include_usage":true}""")]
    [InlineData(""","max_tokens":100,"tool_choice":"required","tools":[{"type":"function","function":{"name":"look_up","parameters":{"type":"object"}}}]""")]
    public async Task ChatChunks_Any_AreAsDescribed(string fields)
    {
        await using var app = new TestApp { Reply = "A giraffe is a tall animal." };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage answer = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true" + fields));

        await AssertDescribedAsync<ChatCompletionChunk>(answer);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","logprobs":2,"return_token_ids":true,"n":2""")]
    [InlineData(""","echo":true,"stream_options":{"include_usage":true}""")]
    public async Task CompletionChunks_Any_AreAsDescribed(string fields)
    {
        await using var app = new TestApp { Reply = "a tall animal." };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage answer = await client.PostAsync("/v1/completions", TestApp.Json($$"""{"model":"tiny","prompt":"A giraffe is","stream":true{{fields}}}"""));

        await AssertDescribedAsync<CompletionChunk>(answer);
    }

    private static async Task AssertDescribedAsync<T>(HttpResponseMessage answer)
    {
        SseTranscript streamed = await SseTranscript.ReadAsync(answer);
        Assert.True(streamed.IsDone, streamed.Raw);
        foreach (JsonNode chunk in streamed.Chunks)
            Assert.NotNull(chunk.Deserialize<T>(Strict));
    }
}
