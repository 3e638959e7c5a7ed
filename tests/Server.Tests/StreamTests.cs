using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Scheduling;
using Llama.Server.Completions;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Streaming;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>The shape of a chat stream.</summary>
public sealed class StreamTests
{
    private const string Reply = "A tall animal — naïve, 日本 and 🦒.";

    [Fact]
    public async Task Stream_Chat_RoleThenDeltasThenFinishThenDone()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true"));
        SseTranscript stream = await SseTranscript.ReadAsync(response);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Single(response.Headers.GetValues("x-request-id"));
        Assert.Equal("""{"role":"assistant","content":""}""", stream.Chunks[0]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.All(stream.Chunks.Skip(1).SkipLast(1), chunk => Assert.Equal(["content"], chunk["choices"]![0]!["delta"]!.AsObject().Select(pair => pair.Key)));
        Assert.Equal("""{"index":0,"delta":{},"finish_reason":"stop"}""", stream.Chunks[^1]["choices"]![0]!.ToJsonString());
        Assert.All(stream.Chunks, chunk => Assert.Equal("chat.completion.chunk", (string?)chunk["object"]));
        Assert.Single(stream.Chunks.Select(chunk => (string?)chunk["id"]).Distinct());
        Assert.All(stream.Chunks, chunk => Assert.False(chunk.AsObject().ContainsKey("usage")));
        Assert.Equal(Reply, stream.Text());
        Assert.EndsWith("data: [DONE]\n\n", stream.Raw);
    }

    [Fact]
    public async Task Stream_IncludeUsage_IsNullInAllButAChunkWithoutChoices()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
        SseTranscript stream = await SseTranscript.ReadAsync(response);

        Assert.All(stream.Chunks.SkipLast(1), chunk => Assert.True(chunk.AsObject().ContainsKey("usage") && chunk["usage"] is null));
        Assert.Empty(stream.Chunks[^1]["choices"]!.AsArray());
        JsonNode usage = stream.Chunks[^1]["usage"]!;
        Assert.Equal((int)usage["prompt_tokens"]! + (int)usage["completion_tokens"]!, (int)usage["total_tokens"]!);
        Assert.True(stream.IsDone);
    }

    [Fact]
    public async Task Stream_NoDelta_HoldsHalfACharacter()
    {
        await using var app = new TestApp { Reply = string.Concat(Enumerable.Repeat("🦒日é", 10)) };
        HttpClient client = await app.StartAsync();

        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true")));

        Assert.All(stream.Choices(0), choice => Assert.DoesNotContain('\uFFFD', (string?)choice["delta"]!["content"] ?? ""));
        Assert.Equal(app.Reply, stream.Text());
    }

    [Fact]
    public async Task Stream_StopAcrossTokens_EndsBeforeIt()
    {
        await using var app = new TestApp { Reply = "one two three four" };
        HttpClient client = await app.StartAsync();
        const string fields = "\"stop\":[\"wo thr\"],\"return_token_ids\":true,\"logprobs\":true";

        JsonNode whole = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields)));
        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"stream\":true")));

        Assert.Equal("one t", (string?)whole["choices"]![0]!["message"]!["content"]);
        Assert.Equal("one t", stream.Text());
        Assert.Equal("stop", (string?)whole["choices"]![0]!["finish_reason"]);
        Assert.Equal("stop", stream.FinishReason());
        Assert.StartsWith("one t", string.Concat(whole["choices"]![0]!["logprobs"]!["content"]!.AsArray().Select(token => (string?)token!["token"])));
        Assert.Equal(
            whole["choices"]![0]!["token_ids"]!.AsArray().Select(id => (int)id!),
            stream.Choices(0).SelectMany(choice => choice["token_ids"]?.AsArray() ?? []).Select(id => (int)id!));
        Assert.Equal(whole["prompt_token_ids"]!.ToJsonString(), stream.Chunks[0]["prompt_token_ids"]!.ToJsonString());
    }

    [Fact]
    public async Task Chat_ManyAtOnce_StreamedEqualsWhole()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 24).Select(async seed =>
        {
            string fields = $"\"seed\":{seed},\"max_tokens\":40,\"n\":2,\"temperature\":1.1,\"stop\":\"e \"";
            JsonNode whole = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields)));
            SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"stream\":true")));
            for (int choice = 0; choice < 2; choice++)
            {
                Assert.Equal((string?)whole["choices"]![choice]!["message"]!["content"], stream.Text(choice));
                Assert.Equal((string?)whole["choices"]![choice]!["finish_reason"], stream.FinishReason(choice));
            }
        }));
    }

    /// <summary>OpenAI's Python client takes the index of a choice that it has not seen for its place among those that it has.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(",\"return_token_ids\":true,\"logprobs\":true")]
    public async Task Stream_SeveralChoices_AllOpenInOrderBeforeAnySpeaks(string fields)
    {
        const int Count = 8;
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat($"\"stream\":true,\"n\":{Count}{fields}")));

        JsonNode[] choices = [.. stream.Chunks.Select(chunk => chunk["choices"]![0]!)];
        Assert.Equal(Enumerable.Range(0, Count), choices.Take(Count).Select(choice => (int)choice["index"]!));
        Assert.All(choices.Take(Count), choice => Assert.Equal("assistant", (string?)choice["delta"]!["role"]));
        Assert.All(choices.Skip(Count), choice => Assert.False(choice["delta"]!.AsObject().ContainsKey("role")));
        Assert.All(Enumerable.Range(0, Count), choice => Assert.Equal(Reply, stream.Text(choice)));
    }

    [Fact]
    public async Task Stream_StepFailsInTheMiddle_SendsOneErrorAndNoDone()
    {
        long poisoned = long.MaxValue;
        await using var app = new TestApp { OnStep = step => { if (step == Interlocked.Read(ref poisoned)) throw new InvalidOperationException("poison"); } };
        HttpClient client = await app.StartAsync();
        Interlocked.Exchange(ref poisoned, app.Engine.Snapshot.StepCount + 5);

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true,\"max_tokens\":50,\"ignore_eos\":true"));
        SseTranscript stream = await SseTranscript.ReadAsync(response);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("internal_error", (string?)stream.Chunks[^1]["error"]!["code"]);
        Assert.False(stream.IsDone);
        Assert.DoesNotContain("poison", stream.Raw);
    }

    [Fact]
    public async Task Stream_StepFailsWithAnEchoedPromptHalfRead_SendsOneErrorAndNoDone()
    {
        using var slow = new SlowModel();
        long poisoned = long.MaxValue;
        await using var app = new TestApp
        {
            OnStep = step =>
            {
                slow.OnStep(step);
                if (step == Interlocked.Read(ref poisoned)) throw new InvalidOperationException("poison");
            },
            Settings = { ["Scheduler:MaxSequences"] = "16", ["Scheduler:MaxBatchTokens"] = "64" },
        };
        HttpClient client = await app.StartAsync();
        long second = app.Engine.Snapshot.StepCount + 2;
        Interlocked.Exchange(ref poisoned, second);
        slow.HoldAt = second;

        string prompts = $"[[1,50],[1,{string.Join(',', Enumerable.Repeat(50, 200))}]]"; // the first is through after one step, the second after four
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = TestApp.Json($$"""{"model":"tiny","prompt":{{prompts}},"echo":true,"logprobs":1,"max_tokens":50,"ignore_eos":true,"stream":true}"""),
        };
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        slow.Release();
        SseTranscript stream = await SseTranscript.ReadAsync(response);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("internal_error", (string?)stream.Chunks[^1]["error"]!["code"]);
        Assert.False(stream.IsDone);
    }

    [Fact]
    public async Task Stream_OneChoiceCannotBeSent_EndsTheOthers()
    {
        await using var app = new TestApp { ContextLength = 20_000 };
        await app.StartAsync();
        Checkpoint checkpoint = app.Services.GetRequiredService<EngineHost>().Checkpoint!;
        var request = new CompletionRequest { N = 2, MaxTokens = 19_000, Stopping = { IgnoresEos = true } };
        (GenerationPlan? plan, _) = await app.Services.GetRequiredService<RequestMapper>().MapAsync(request, [new Prompt([1], "prompt", ContinuesText: false)], checkpoint, default);
        Assert.True(Answers.TryStart(app.Engine, plan!, TimeProvider.System, goInChain: false, out Answers? answers, out _));

        await using (answers)
        {
            Task sent = app.Services.GetRequiredService<AnswerWriter>().WriteStreamAsync(new DefaultHttpContext(), answers, new BrokenFormat());
            await Assert.ThrowsAsync<IOException>(() => sent);
        }

        Assert.Equal(FinishReason.Aborted, answers.Streams[1].Finish);
    }

    [Fact]
    public async Task Stream_StepFailsAtTheStart_KeepsItsStatus()
    {
        long poisoned = long.MaxValue;
        await using var app = new TestApp { OnStep = step => { if (step == Interlocked.Read(ref poisoned)) throw new InvalidOperationException("poison"); } };
        HttpClient client = await app.StartAsync();
        Interlocked.Exchange(ref poisoned, app.Engine.Snapshot.StepCount + 1);

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true"));

        await ErrorTests.AssertErrorAsync(response, System.Net.HttpStatusCode.InternalServerError, "internal_error", null);
    }

    /// <summary>Cannot send the first choice.</summary>
    private sealed class BrokenFormat : AnswerFormat
    {
        public override string Id => "broken";

        public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage) => throw new NotSupportedException();

        public override ValueTask StartAsync(SseWriter events, int choice) => ValueTask.CompletedTask;

        public override ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream) => choice == 0 ? ValueTask.FromException(new IOException("broken")) : ValueTask.CompletedTask;

        public override ValueTask FinishAsync(SseWriter events, int choice, TextStream stream) => ValueTask.CompletedTask;

        public override ValueTask EndAsync(SseWriter events, Usage usage) => ValueTask.CompletedTask;

        public override ValueTask FailAsync(SseWriter events, ApiError error) => ValueTask.CompletedTask;
    }
}
