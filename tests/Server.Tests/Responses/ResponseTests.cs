using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Responses;
using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static Llama.Server.Tests.Responses.ResponseTranscript;

namespace Llama.Server.Tests.Responses;

/// <summary>The whole response, and what is kept of it.</summary>
public sealed class ResponseTests
{
    private const string Reply = "A tall animal — naïve, 日本 and 🦒.";

    [Fact]
    public async Task Create_Text_HasEveryKeyOfOpenAI()
    {
        await using var app = new TestApp { Reply = Reply };
        JsonNode response = await CreateAsync(await app.StartAsync(), """
            "input":"What is a giraffe?","instructions":"Be brief.","metadata":{"a":"b"},"user":"u","safety_identifier":"s","prompt_cache_key":"k","max_tool_calls":3,
            "temperature":0.5,"top_p":0.25
            """);

        string[] keys =
        [
            "id", "object", "access_programs", "created_at", "status", "background", "completed_at", "error", "incomplete_details", "instructions", "max_output_tokens", "max_tool_calls", "model",
            "output", "parallel_tool_calls", "previous_response_id", "prompt_cache_key", "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text",
            "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "usage", "user", "metadata",
        ];
        Assert.Equal(keys.Order(), response.AsObject().Select(pair => pair.Key).Order());
        Assert.StartsWith("resp_", (string?)response["id"]);
        JsonNode message = Assert.Single(response["output"]!.AsArray())!;
        Assert.StartsWith("msg_", (string?)message["id"]);
        message["id"] = "";
        response["id"] = "";
        response["created_at"] = 0;
        response["completed_at"] = 0;
        int input = (int)response["usage"]!["input_tokens"]!, output = TestApp.Tokenizer.Encode(Reply).Length + 1;
        JsonNode expected = JsonNode.Parse($$$"""
            {"id":"","object":"response","access_programs":null,"created_at":0,"status":"completed","background":false,"completed_at":0,"error":null,"incomplete_details":null,
             "instructions":"Be brief.","max_output_tokens":null,"max_tool_calls":3,"model":"tiny",
             "output":[{"type":"message","id":"","status":"completed","role":"assistant","content":[{"type":"output_text","text":"{{{Reply}}}","annotations":[],"logprobs":[]}]}],
             "parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":"k","reasoning":{"effort":null,"summary":null},"safety_identifier":"s",
             "service_tier":"default","store":true,"temperature":0.5,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,
             "top_p":0.25,"truncation":"disabled","user":"u","metadata":{"a":"b"},
             "usage":{"input_tokens":{{{input}}},"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":{{{output}}},
                      "output_tokens_details":{"reasoning_tokens":0},"total_tokens":{{{input + output}}}}}
            """)!;
        Assert.True(JsonNode.DeepEquals(expected, response), response.ToJsonString());
    }

    [Fact]
    public async Task Create_InputForms_AreTheSamePrompt()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        string[] same =
        [
            """ "instructions":"Be brief.","input":"Hi" """,
            """ "input":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}] """,
            """ "input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]},{"type":"message","role":"user","content":[{"type":"input_text","text":"H"},{"type":"input_text","text":"i"}]}] """,
        ];

        foreach (string fields in same)
        {
            JsonNode response = await CreateAsync(client, fields + ",\"seed\":7,\"max_output_tokens\":9");
            JsonNode chat = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Json(
                """{"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"seed":7,"max_tokens":9}""")));
            Assert.Equal((string?)chat["choices"]![0]!["message"]!["content"], (string?)response["output"]![0]!["content"]![0]!["text"]);
        }
    }

    [Fact]
    public async Task Create_LimitReached_IsIncomplete()
    {
        await using var app = new TestApp { Reply = Reply };
        JsonNode response = await CreateAsync(await app.StartAsync(), "\"input\":\"Hi\",\"max_output_tokens\":3");

        Assert.Equal("incomplete", (string?)response["status"]);
        Assert.Equal("max_output_tokens", (string?)response["incomplete_details"]!["reason"]);
        Assert.Equal("incomplete", (string?)response["output"]![0]!["status"]);
        Assert.Null(response["completed_at"]);
        Assert.Equal(3, (int)response["max_output_tokens"]!);
    }

    [Fact]
    public async Task Create_NothingSaid_IsOneEmptyMessage()
    {
        await using var app = new TestApp { Reply = "" };
        HttpClient client = await app.StartAsync();

        JsonNode response = await CreateAsync(client, "\"input\":\"Hi\"");
        ResponseTranscript stream = await StreamAsync(client, "\"input\":\"Hi\"");

        Assert.Equal("", (string?)Assert.Single(response["output"]!.AsArray())!["content"]![0]!["text"]);
        Assert.Equal("", (string?)Assert.Single(stream.Final["output"]!.AsArray())!["content"]![0]!["text"]);
    }

    [Fact]
    public async Task Create_Logprobs_AreOnePerTokenWholeAndStreamed()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        const string fields = "\"input\":\"Hi\",\"include\":[\"message.output_text.logprobs\"],\"top_logprobs\":2";

        JsonArray whole = (await CreateAsync(client, fields))["output"]![0]!["content"]![0]!["logprobs"]!.AsArray();
        ResponseTranscript stream = await StreamAsync(client, fields);

        Assert.Equal(TestApp.Tokenizer.Encode(Reply).Length, whole.Count);
        Assert.Equal(["token", "logprob", "bytes", "top_logprobs"], whole[0]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(2, whole[0]!["top_logprobs"]!.AsArray().Count);
        string[] expected = [.. whole.Select(token => token!.ToJsonString())];
        Assert.Equal(expected, stream.Of("response.output_text.delta").SelectMany(one => one["logprobs"]!.AsArray()).Select(token => token!.ToJsonString()));
        Assert.Equal(expected, stream.Of("response.output_text.done").Single()["logprobs"]!.AsArray().Select(token => token!.ToJsonString()));
        Assert.Equal(expected, stream.Final["output"]![0]!["content"]![0]!["logprobs"]!.AsArray().Select(token => token!.ToJsonString()));
    }

    [Fact]
    public async Task PreviousResponse_Continued_IsTheWholeConversationWithoutItsInstructions()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        JsonNode first = await CreateAsync(client, """ "instructions":"Old.","input":"One","max_output_tokens":4 """);
        JsonNode second = await CreateAsync(client, $$""" "instructions":"New.","input":"Two","max_output_tokens":4,"previous_response_id":"{{first["id"]}}" """);
        await client.DeleteAsync($"/v1/responses/{first["id"]}"); // what goes on from it has its own copy

        JsonNode third = await CreateAsync(client, $$""" "input":"Three","max_output_tokens":4,"seed":1,"previous_response_id":"{{second["id"]}}" """);

        static string Said(JsonNode response) => $$"""{"role":"assistant","content":[{"type":"output_text","text":{{response["output"]![0]!["content"]![0]!["text"]!.ToJsonString()}}}]}""";
        JsonNode spelled = await CreateAsync(client, $$"""
            "max_output_tokens":4,"seed":1,
            "input":[{"role":"user","content":"One"},{{Said(first)}},{"role":"user","content":"Two"},{{Said(second)}},{"role":"user","content":"Three"}]
            """);
        Assert.Equal((int)spelled["usage"]!["input_tokens"]!, (int)third["usage"]!["input_tokens"]!);
        Assert.Equal(Said(spelled), Said(third));
        Assert.Equal((string?)second["id"], (string?)third["previous_response_id"]);
        Assert.Null(third["instructions"]);
    }

    [Fact]
    public async Task ItemReference_ToAStoredItem_StandsForIt()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        JsonNode first = await CreateAsync(client, """ "input":[{"role":"user","content":"One","id":"msg_mine"}],"max_output_tokens":4 """);

        JsonNode referring = await CreateAsync(client, $$"""
            "max_output_tokens":4,"seed":1,
            "input":[{"type":"item_reference","id":"msg_mine"},{"id":"{{first["output"]![0]!["id"]}}"},{"role":"user","content":"Two"}]
            """);
        JsonNode continued = await CreateAsync(client, $$""" "input":"Two","max_output_tokens":4,"seed":1,"previous_response_id":"{{first["id"]}}" """);

        Assert.Equal((string?)continued["output"]![0]!["content"]![0]!["text"], (string?)referring["output"]![0]!["content"]![0]!["text"]);
    }

    [Fact]
    public async Task Input_ItemThatTheConversationHasAlready_IsRefused()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        JsonNode first = await CreateAsync(client, """ "input":[{"role":"user","content":"One","id":"msg_mine"}] """);
        string answer = first["output"]![0]!.ToJsonString(), two = "{\"role\":\"user\",\"content\":\"Two\"}", refer = "{\"type\":\"item_reference\",\"id\":\"msg_mine\"}";
        (string Fields, string Param)[] twice =
        [
            ($"\"input\":[{answer},{two}],\"previous_response_id\":\"{first["id"]}\"", "input[0].id"),
            ($"\"input\":[{two},{refer}],\"previous_response_id\":\"{first["id"]}\"", "input[1].id"),
            ($"\"input\":[{refer},{two},{refer}]", "input[2].id"),
        ];

        foreach ((string fields, string param) in twice)
        {
            HttpResponseMessage refused = await PostAsync(client, fields);
            Assert.Contains("Remove duplicate items", await refused.Content.ReadAsStringAsync());
            await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.BadRequest, "invalid_value", param);
        }
    }

    [Fact]
    public async Task Get_Stored_IsWhatWasAnswered()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        JsonNode whole = await CreateAsync(client, "\"input\":\"Hi\"");
        ResponseTranscript stream = await StreamAsync(client, "\"input\":\"Hi\"");

        Assert.True(JsonNode.DeepEquals(whole, await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{whole["id"]}?stream=false&include=message.output_text.logprobs"))));
        Assert.True(JsonNode.DeepEquals(stream.Final, await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{stream.Final["id"]}"))));
    }

    [Fact]
    public async Task Delete_Stored_IsGone()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        string id = (string)(await CreateAsync(client, "\"input\":\"Hi\""))["id"]!;

        JsonNode deleted = await TestApp.ReadJsonAsync(await client.DeleteAsync($"/v1/responses/{id}"));

        Assert.Equal($$"""{"id":"{{id}}","object":"response.deleted","deleted":true}""", deleted.ToJsonString());
        await ErrorTests.AssertErrorAsync(await client.GetAsync($"/v1/responses/{id}"), HttpStatusCode.NotFound, "response_not_found", "response_id");
        await ErrorTests.AssertErrorAsync(await client.DeleteAsync($"/v1/responses/{id}"), HttpStatusCode.NotFound, "response_not_found", "response_id");
        await ErrorTests.AssertErrorAsync(
            await PostAsync(client, $"\"input\":\"Hi\",\"previous_response_id\":\"{id}\""), HttpStatusCode.BadRequest, "previous_response_not_found", "previous_response_id");
    }

    [Fact]
    public async Task Create_StoreFalse_CannotBeComeBackTo()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        JsonNode response = await CreateAsync(client, "\"input\":\"Hi\",\"store\":false");

        Assert.False((bool)response["store"]!);
        await ErrorTests.AssertErrorAsync(await client.GetAsync($"/v1/responses/{response["id"]}"), HttpStatusCode.NotFound, "response_not_found", "response_id");
        await ErrorTests.AssertErrorAsync(
            await PostAsync(client, $"\"input\":\"Hi\",\"previous_response_id\":\"{response["id"]}\""), HttpStatusCode.BadRequest, "previous_response_not_found", "previous_response_id");
    }

    [Fact]
    public async Task InputItems_Pages_AreEveryItemOnce()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        JsonNode first = await CreateAsync(client, """ "input":[{"role":"system","content":"S"},{"role":"user","content":"One"}] """);
        JsonNode second = await CreateAsync(client, $$""" "input":"Two","previous_response_id":"{{first["id"]}}" """);
        var texts = new List<string?>();
        JsonNode page;
        string after = "";
        do
        {
            page = await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{second["id"]}/input_items?limit=3&order=asc{after}"));
            texts.AddRange(page["data"]!.AsArray().Select(item => (string?)item!["content"]![0]!["text"]));
            after = $"&after={page["last_id"]}";
        }
        while ((bool)page["has_more"]!);

        Assert.Equal(["S", "One", Reply, "Two"], texts);
        JsonNode latest = await TestApp.ReadJsonAsync(await client.GetAsync($"/v1/responses/{second["id"]}/input_items?limit=1"));
        Assert.Equal("Two", (string?)latest["data"]![0]!["content"]![0]!["text"]);
        Assert.Equal((string?)latest["first_id"], (string?)latest["last_id"]);
        Assert.True((bool)latest["has_more"]!);
    }

    [Fact]
    public async Task InputTokens_OfAnyInput_AreThoseOfTheResponse()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        JsonNode first = await CreateAsync(client, "\"input\":\"Hi\",\"instructions\":\"Be brief.\"");
        string next = $"\"input\":\"And now?\",\"previous_response_id\":\"{first["id"]}\"";

        JsonNode count = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/responses/input_tokens", TestApp.Json($"{{{next}}}")));

        Assert.Equal("response.input_tokens", (string?)count["object"]);
        Assert.Equal((int)(await CreateAsync(client, next))["usage"]!["input_tokens"]!, (int)count["input_tokens"]!);
    }

    [Fact]
    public async Task Truncation_Auto_DropsTheOldestTurnsAndNoMore()
    {
        await using var app = new TestApp { Reply = Reply, ContextLength = 96 };
        HttpClient client = await app.StartAsync();

        await ErrorTests.AssertErrorAsync(
            await PostAsync(client, $"\"input\":{Dialogue(0)},\"max_output_tokens\":20"), HttpStatusCode.BadRequest, "context_length_exceeded", "input");
        JsonNode response = await CreateAsync(client, $"\"input\":{Dialogue(0)},\"max_output_tokens\":20,\"truncation\":\"auto\"");

        int kept = 1;
        while (await CountAsync(client, Dialogue(kept)) + 20 > 96)
            kept++;
        Assert.Equal(await CountAsync(client, Dialogue(kept)), (int)response["usage"]!["input_tokens"]!);
        Assert.Equal("auto", (string?)response["truncation"]);
    }

    [Fact]
    public async Task Truncation_AutoWithoutALimit_LeavesRoomForAnAnswer()
    {
        await using var app = new TestApp { Reply = Reply, ContextLength = 96 };
        HttpClient client = await app.StartAsync();
        async Task<int> KeptAsync(string input) => (int)(await CreateAsync(client, $"\"input\":{input},\"truncation\":\"auto\""))["usage"]!["input_tokens"]!;

        int longest = 0;
        while (await CountAsync(client, Dialogue(longest)) + 96 / 8 > 96)
            longest++;
        Assert.Equal(await CountAsync(client, Dialogue(longest)), await KeptAsync(Dialogue(0)));

        string lastTurn = $$"""[{"role":"user","content":"{{string.Join(' ', Enumerable.Repeat("a", 72))}}"}]"""; // nothing can be dropped, and what is left will do
        int count = await CountAsync(client, lastTurn);
        Assert.InRange(count, 96 - (96 / 8) + 1, 95);
        Assert.Equal(count, await KeptAsync(lastTurn));
    }

    /// <summary>What is recorded of a request is what the model was asked, whichever try was the last one.</summary>
    [Fact]
    public async Task Truncation_Auto_MessagesAreThoseOfThePrompt()
    {
        await using var app = new TestApp { ContextLength = 192 };
        await app.StartAsync();
        Checkpoint checkpoint = app.Services.GetRequiredService<EngineHost>().Checkpoint!;
        MessageItem[] items = [.. Enumerable.Range(0, 25).Select(i => new MessageItem($"msg_{i}", "completed", i % 2 == 0 ? "user" : "assistant", [new InputText($"Text {i}.")]))];
        HashSet<int> kept = [];

        for (int room = 1; room < 190; room++)
        {
            var request = new ResponseRequest { Input = items, TruncatesInput = true, MaxTokens = room };
            Assert.True(ResponseContext.TryCreate(request, app.Services.GetRequiredService<ResponseStore>(), owner: 0, checkpoint, out ResponseContext? context, out _));
            Assert.True(ChatPrompt.TryRender(request, checkpoint, out Prompt? prompt, out _));
            Assert.Equal(context.Prompt.Tokens, prompt.Tokens);
            kept.Add(request.Messages.Count);
        }

        Assert.InRange(kept.Count, 5, 25);
    }

    private static string Dialogue(int from)
    {
        IEnumerable<string> turns = Enumerable.Range(from, 12 - from).Select(i => $$"""{"role":"user","content":"Question {{i}}?"},{"role":"assistant","content":"Answer {{i}}."}""");
        return $$"""[{"role":"system","content":"S"},{{string.Join(',', turns)}},{"role":"user","content":"Last?"}]""";
    }

    private static async Task<int> CountAsync(HttpClient client, string input) =>
        (int)(await TestApp.ReadJsonAsync(await client.PostAsync("/v1/responses/input_tokens", TestApp.Json($$"""{"input":{{input}}}"""))))["input_tokens"]!;
}
