using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Responses;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using static Llama.Server.Tests.Responses.ResponseTranscript;

namespace Llama.Server.Tests.Responses;

/// <summary>The events of a streamed response.</summary>
public sealed class ResponseStreamTests
{
    private const string Reply = "A tall animal — naïve, 日本 and 🦒.";

    [Fact]
    public async Task Stream_Text_HasOpenAIsEventsInOrder()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await PostAsync(client, "\"input\":\"Hi\",\"stream\":true");
        ResponseTranscript stream = await ReadAsync(response);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        string[] head = ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"];
        string[] tail = ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"];
        Assert.Equal([.. head, .. Enumerable.Repeat("response.output_text.delta", stream.Names.Count - 8), .. tail], stream.Names);
        Assert.True(stream.Names.Count > 12);
        Assert.Equal(stream.Names, stream.Events.Select(one => (string?)one["type"]));
        Assert.Equal(Enumerable.Range(0, stream.Events.Count), stream.Events.Select(one => (int)one["sequence_number"]!));
        Assert.DoesNotContain("[DONE]", stream.Raw);
        Assert.Equal(Reply, stream.Text);
    }

    [Fact]
    public async Task Stream_Text_EveryEventNamesItsPlace()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponseTranscript stream = await StreamAsync(await app.StartAsync(), "\"input\":\"Hi\"");
        string id = (string)stream.Final["output"]![0]!["id"]!;

        Assert.All(stream.Events.Skip(2).SkipLast(1), one => Assert.Equal(0, (int)one["output_index"]!));
        JsonNode[] inside = [.. stream.Events.Where(one => one["item_id"] is not null)];
        Assert.Equal(stream.Events.Count - 5, inside.Length);
        Assert.All(inside, one => Assert.Equal((id, 0), ((string?)one["item_id"], (int)one["content_index"]!)));
        Assert.Equal($$"""{"type":"message","id":"{{id}}","status":"in_progress","role":"assistant","content":[]}""", stream.Of("response.output_item.added").Single()["item"]!.ToJsonString());
        Assert.Equal("""{"type":"output_text","text":"","annotations":[],"logprobs":[]}""", stream.Of("response.content_part.added").Single()["part"]!.ToJsonString());
        JsonNode item = stream.Of("response.output_item.done").Single()["item"]!;
        Assert.True(JsonNode.DeepEquals(stream.Final["output"]![0], item));
        Assert.True(JsonNode.DeepEquals(item["content"]![0], stream.Of("response.content_part.done").Single()["part"]));
        Assert.Equal(Reply, (string?)stream.Of("response.output_text.done").Single()["text"]);
        Assert.All(stream.Of("response.output_text.delta"), one => Assert.Equal(
            ["type", "sequence_number", "output_index", "item_id", "content_index", "delta", "logprobs"], one.AsObject().Select(pair => pair.Key)));
    }

    [Fact]
    public async Task Stream_AnyEvent_IsAsDescribed()
    {
        string[] described = [.. typeof(ResponseEvent).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))];
        await using var app = new TestApp { Reply = "Well. <tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>" };
        ResponseTranscript stream = await StreamAsync(
            await app.StartAsync(), "\"input\":\"Hi\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],\"stream_options\":{\"include_obfuscation\":true}");

        string[] sent = [.. stream.Events.SelectMany(one => one.AsObject().Select(pair => pair.Key)).Distinct()];

        Assert.Empty(sent.Except(described));
        Assert.Equal(["code", "message", "param"], described.Except(sent)); // those of an error
    }

    [Fact]
    public async Task Stream_BeginningAndEnd_AreTheSameResponse()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponseTranscript stream = await StreamAsync(await app.StartAsync(), "\"input\":\"Hi\",\"metadata\":{\"a\":\"b\"}");
        JsonNode begun = stream.Events[0]["response"]!;

        Assert.Equal("in_progress", (string?)begun["status"]);
        Assert.Null(begun["usage"]);
        Assert.Empty(begun["output"]!.AsArray());
        Assert.True(JsonNode.DeepEquals(begun, stream.Events[1]["response"]));
        Assert.Equal("completed", (string?)stream.Final["status"]);
        foreach (string key in new[] { "status", "completed_at", "output", "usage" })
            begun[key] = stream.Final[key]?.DeepClone();
        Assert.True(JsonNode.DeepEquals(begun, stream.Final));
    }

    [Theory]
    [InlineData("\"max_output_tokens\":4")]
    [InlineData("\"max_output_tokens\":30,\"temperature\":1.2,\"seed\":3")]
    [InlineData("\"stop\":\"animal\"")]
    public async Task Stream_AnyEnding_EqualsTheWhole(string fields)
    {
        await using var app = new TestApp { Reply = fields.Contains("seed") ? null : Reply };
        HttpClient client = await app.StartAsync();

        JsonNode whole = await CreateAsync(client, "\"input\":\"Hi\"," + fields);
        ResponseTranscript stream = await StreamAsync(client, "\"input\":\"Hi\"," + fields);

        string expected = (string)whole["output"]![0]!["content"]![0]!["text"]!;
        Assert.Equal(expected, stream.Text);
        foreach (JsonNode response in new[] { whole, stream.Final })
        {
            response["id"] = "";
            response["output"]![0]!["id"] = "";
            response["created_at"] = 0;
            response["completed_at"] = 0;
            response["usage"]!["input_tokens_details"]!["cached_tokens"] = 0;
        }
        Assert.True(JsonNode.DeepEquals(whole, stream.Final), $"{whole}\n{stream.Final}");
        Assert.Equal("response." + whole["status"], stream.Names[^1]);
    }

    [Fact]
    public async Task Stream_Obfuscation_MakesDeltasOfOneLength()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        ResponseTranscript plain = await StreamAsync(client, "\"input\":\"Hi\",\"stream_options\":{\"include_obfuscation\":false}");
        ResponseTranscript padded = await StreamAsync(client, "\"input\":\"Hi\",\"stream_options\":{\"include_obfuscation\":true}");

        Assert.DoesNotContain("obfuscation", plain.Raw);
        Assert.Equal(Reply, padded.Text);
        Assert.All(padded.Of("response.output_text.delta"), one =>
            Assert.Equal(0, System.Text.Encoding.UTF8.GetByteCount((string)one["delta"]! + (string)one["obfuscation"]!) % 32));
    }

    [Fact]
    public async Task Stream_StepFailsInTheMiddle_IsAnErrorAndAFailedResponseThatIsKept()
    {
        long poisoned = long.MaxValue;
        await using var app = new TestApp { OnStep = step => { if (step == Interlocked.Read(ref poisoned)) throw new InvalidOperationException("poison"); } };
        HttpClient client = await app.StartAsync();
        Interlocked.Exchange(ref poisoned, app.Engine.Snapshot.StepCount + 5);

        ResponseTranscript stream = await StreamAsync(client, "\"input\":\"Hi\",\"max_output_tokens\":50,\"ignore_eos\":true");

        Assert.Equal(["error", "response.failed"], stream.Names.TakeLast(2));
        JsonNode error = stream.Events[^2];
        Assert.Equal(["type", "sequence_number", "code", "message", "param"], error.AsObject().Select(pair => pair.Key));
        Assert.Equal("internal_error", (string?)error["code"]);
        Assert.Equal(("failed", "server_error"), ((string?)stream.Final["status"], (string?)stream.Final["error"]!["code"]));
        Assert.Equal(stream.Text, (string?)stream.Final["output"]![0]!["content"]![0]!["text"]);
        Assert.True(JsonNode.DeepEquals(stream.Final, await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{stream.Final["id"]}"))));
        Assert.DoesNotContain("poison", stream.Raw);
    }

    [Fact]
    public async Task Stream_ClientLeaves_FreesItsBlocksAndIsKeptAsCancelled()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        HttpClient client = await app.StartAsync();
        string id;
        using (var leaving = new CancellationTokenSource())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
            {
                Content = TestApp.Json("""{"model":"tiny","input":"Hi","max_output_tokens":400,"ignore_eos":true,"stream":true}"""),
            };
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(leaving.Token));
            Assert.Equal("event: response.created", await reader.ReadLineAsync(leaving.Token));
            id = (string)JsonNode.Parse((await reader.ReadLineAsync(leaving.Token))![6..])!["response"]!["id"]!;
            await leaving.CancelAsync();
        }

        await Wait.Until(() => app.Engine.Snapshot is { UsedBlockCount: 0, RunningCount: 0 });
        await Wait.Until(async () => (await client.GetAsync($"/v1/responses/{id}")).IsSuccessStatusCode);
        Assert.Equal("cancelled", (string?)(await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{id}")))["status"]);
    }
}
