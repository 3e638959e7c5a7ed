using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Server.Tests.Responses;

namespace Llama.Server.Tests.Tools;

/// <summary>Calls that the request forces: whatever the model would say, they are calls of the right tools with arguments that their schemas describe.</summary>
public sealed class ForcedCallTests
{
    private const string Both = ChatToolTests.Tools;
    private const string Format = """
        "response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":
          {"type":"object","properties":{"x":{"type":"integer","minimum":0,"maximum":9}},"required":["x"],"additionalProperties":false}}}
        """;

    [Theory]
    [InlineData("hermes")]
    [InlineData("mistral")]
    [InlineData("llama3_json")]
    [InlineData("pythonic")]
    public async Task Required_RandomModel_CallsAndNothingElse(string format)
    {
        await using var app = new TestApp { ContextLength = 2048, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();
        var called = new HashSet<string>();

        for (int seed = 0; seed < 12; seed++)
        {
            string fields = $"{Both},\"tool_choice\":\"required\",\"parallel_tool_calls\":{(seed % 2 == 0 ? "true" : "false")},\"seed\":{seed},\"max_tokens\":600";
            JsonNode choice = await PostAsync(client, fields);
            SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"stream\":true")));

            JsonArray calls = choice["message"]!["tool_calls"]!.AsArray();
            Assert.Null(choice["message"]!["content"]);
            Assert.Empty(stream.Text());
            Assert.Equal("""{"role":"assistant","content":null}""", stream.Chunks[0]["choices"]![0]!["delta"]!.ToJsonString());
            bool isWhole = (string?)choice["finish_reason"] == "tool_calls";
            Assert.True(isWhole || seed % 2 == 0); // any number of calls may be cut by the limit
            foreach (JsonNode? call in isWhole ? calls : new JsonArray([.. calls.SkipLast(1).Select(one => one!.DeepClone())]))
                called.Add(CheckCall(call!["function"]!));
            Assert.Equal(string.Concat(calls.Select(call => (string?)call!["function"]!["arguments"])), StreamedArguments(stream));
            if (seed % 2 == 1)
                Assert.Single(calls);
        }
        Assert.Equal(["get_weather", "now"], called.Order());
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("mistral")]
    [InlineData("llama3_json")]
    [InlineData("pythonic")]
    public async Task Required_CutByTheLimit_ShowsNoHalfCallAsText(string format)
    {
        await using var app = new TestApp { ContextLength = 2048, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();

        for (int limit = 1; limit <= 12; limit++)
        {
            JsonNode choice = await PostAsync(client, $"{Both},\"tool_choice\":\"required\",\"parallel_tool_calls\":false,\"max_tokens\":{limit}");

            Assert.True(string.IsNullOrEmpty((string?)choice["message"]!["content"]), $"{limit}: {choice["message"]!["content"]}");
        }
    }

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"get_weather"}}""")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"get_weather"}}]}}""")]
    public async Task Named_RandomModel_CallsThatOne(string choice)
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        for (int seed = 0; seed < 6; seed++)
        {
            JsonNode answer = await PostAsync(client, $"{Both},\"tool_choice\":{choice},\"parallel_tool_calls\":false,\"seed\":{seed}");

            Assert.Equal("get_weather", CheckCall(Assert.Single(answer["message"]!["tool_calls"]!.AsArray())!["function"]!));
            Assert.Equal("tool_calls", (string?)answer["finish_reason"]);
        }
    }

    /// <summary>"Forced function: call exactly one specific function" (OpenAI's guide to function calling), also where parallel calls are asked for.</summary>
    [Theory]
    [InlineData("hermes")]
    [InlineData("mistral")]
    [InlineData("llama3_json")]
    [InlineData("pythonic")]
    public async Task Named_AnyFormat_IsCalledExactlyOnce(string format)
    {
        await using var app = new TestApp { ContextLength = 2048, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();

        for (int seed = 0; seed < 6; seed++)
        {
            string fields = $"\"seed\":{seed}{(seed % 2 == 0 ? "" : ",\"parallel_tool_calls\":true")}";
            JsonNode chat = await PostAsync(client, Both + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}," + fields);
            JsonNode response = await ResponseTranscript.CreateAsync(client, $$"""
                "input":"Hi","tools":[{"type":"function","name":"now"}],"tool_choice":{"type":"function","name":"now"},{{fields}}
                """);

            Assert.Equal("get_weather", CheckCall(Assert.Single(chat["message"]!["tool_calls"]!.AsArray())!["function"]!));
            Assert.Equal("tool_calls", (string?)chat["finish_reason"]);
            Assert.Equal("now", (string?)Assert.Single(response["output"]!.AsArray())!["name"]);
            Assert.Equal("completed", (string?)response["status"]);
        }
    }

    [Theory]
    [InlineData("""{"name":"f","parameters":{"type":"object","properties":{"x":{"not":{"const":1}}}}}""", "tools[0].function.parameters.properties.x.not")]
    [InlineData("""{"name":"f","strict":true,"parameters":{"type":"object","properties":{"x":{"type":"string"}}}}""", "tools[0].function.parameters")]
    public async Task Required_SchemaOutsideTheSubset_IsNamedByItsPlace(string function, string place)
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        string fields = $$"""
            "tools":[{"type":"function","function":{{function}}}],"max_tokens":4
            """;

        HttpResponseMessage forced = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"tool_choice\":\"required\""));
        HttpResponseMessage both = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"response_format\":{\"type\":\"json_object\"}"));
        HttpResponseMessage free = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields.Replace("\"strict\":true", "\"strict\":false", StringComparison.Ordinal)));
        HttpResponseMessage strict = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields));

        JsonNode error = JsonNode.Parse(await forced.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(HttpStatusCode.BadRequest, forced.StatusCode);
        Assert.StartsWith(place, (string?)error["param"]);
        Assert.Equal((string?)error["param"], (string?)JsonNode.Parse(await both.Content.ReadAsStringAsync())!["error"]!["param"]);
        Assert.Equal(HttpStatusCode.OK, free.StatusCode);
        Assert.Equal(function.Contains("strict", StringComparison.Ordinal) ? HttpStatusCode.BadRequest : HttpStatusCode.OK, strict.StatusCode);
    }

    [Fact]
    public async Task Named_SchemaOutsideTheSubset_IsNamedByItsPlaceAmongAllTools()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        const string Fields = """
            "tools":[{"type":"function","function":{"name":"now"}},{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"x":{"not":{"minimum":1}}}}}}],
            "tool_choice":{"type":"function","function":{"name":"f"}}
            """;

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat(Fields));

        JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.StartsWith("tools[1].function.parameters.properties.x.not", (string?)error["param"]);
    }

    [Theory]
    [InlineData("hermes", "Let me see. <tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": 7}}\n</tool_call>")]
    [InlineData("llama3_json", "{\"name\": \"get_weather\", \"parameters\": {\"city\": 7}}")]
    [InlineData("mistral", "[{\"name\": \"get_weather\", \"arguments\": {\"city\": 7}}]")]
    [InlineData("pythonic", "[get_weather(city=7)]")]
    public async Task AutoStrict_ModelThatBreaksTheSchema_IsHeldToIt(string format, string reply)
    {
        await using var app = new TestApp { ContextLength = 2048, Reply = reply, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();

        JsonNode broken = await PostAsync(client, Both);
        JsonNode held = await PostAsync(client, Both.Replace("\"strict\":false", "\"strict\":true", StringComparison.Ordinal) + ",\"parallel_tool_calls\":false");

        Assert.DoesNotContain("\"days\"", broken["message"]!["tool_calls"]![0]!["function"]!["arguments"]!.ToJsonString());
        Assert.Equal("tool_calls", (string?)held["finish_reason"]);
        Assert.All(held["message"]!["tool_calls"]!.AsArray(), call => CheckCall(call!["function"]!));
    }

    [Theory]
    [InlineData("hermes", "It is warm in <Bonn>, and {that} is [all].")]
    [InlineData("llama3_json", "It is warm in Bonn: {\"name\": 7}.")]
    [InlineData("pythonic", "Warm [now()].")]
    public async Task AutoStrict_Text_IsAsTheModelSaysIt(string format, string reply)
    {
        await using var app = new TestApp { ContextLength = 2048, Reply = reply, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();

        JsonNode choice = await PostAsync(client, Both.Replace("\"strict\":false", "\"strict\":true", StringComparison.Ordinal));

        Assert.Equal(reply, (string?)choice["message"]!["content"]);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
    }

    [Theory]
    [InlineData("\"guided_regex\":\"a\"", "guided_regex")]
    [InlineData("\"bad_words\":[\"a\"]", "bad_words")]
    [InlineData("\"allowed_token_ids\":[5]", "allowed_token_ids")]
    public async Task Required_WithAnotherRule_Is400(string other, string param)
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat($"{Both},\"tool_choice\":\"required\",{other}"));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", param);
    }

    [Fact]
    public async Task Required_WithResponseFormat_IsCalls()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode choice = await PostAsync(client, $"{Both},\"tool_choice\":\"required\",\"parallel_tool_calls\":false,\"response_format\":{{\"type\":\"json_object\"}}");

        CheckCall(Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!);
    }

    [Fact]
    public async Task Auto_WithResponseFormat_IsCallsOrWhatItDescribes()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        var finishes = new HashSet<string>();

        for (int seed = 0; seed < 12; seed++)
        {
            JsonNode choice = await PostAsync(client, $"{Both},\"parallel_tool_calls\":false,\"seed\":{seed},{Format}");

            finishes.Add((string)choice["finish_reason"]!);
            if ((string?)choice["finish_reason"] == "tool_calls")
                CheckCall(Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!);
            else
                Assert.InRange((int)JsonNode.Parse((string)choice["message"]!["content"]!)!["x"]!, 0, 9);
        }
        Assert.Equal(["stop", "tool_calls"], finishes.Order());
    }

    [Fact]
    public async Task None_WithResponseFormat_IsWhatItDescribes()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode choice = await PostAsync(client, $"{Both},\"tool_choice\":\"none\",{Format}");

        Assert.InRange((int)JsonNode.Parse((string)choice["message"]!["content"]!)!["x"]!, 0, 9);
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string fields)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await TestApp.ReadJsonAsync(response))["choices"]![0]!;
    }

    private static string StreamedArguments(SseTranscript stream) =>
        string.Concat(stream.Choices(0).Select(choice => (string?)choice["delta"]!["tool_calls"]?[0]!["function"]!["arguments"]));

    private static string CheckCall(JsonNode function)
    {
        string name = (string)function["name"]!;
        JsonElement arguments = JsonDocument.Parse((string)function["arguments"]!).RootElement;
        if (name == "get_weather")
        {
            Assert.Contains(arguments.GetProperty("city").GetString(), (string[])["Bonn", "Ulm"]);
            Assert.InRange(arguments.GetProperty("days").GetInt32(), 0, 9);
        }
        Assert.Equal(name == "now" ? 0 : 2, arguments.GetPropertyCount());
        return name;
    }
}
