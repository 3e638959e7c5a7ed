using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Tools;

/// <summary>Calls that the model decides on, as the chat route words them.</summary>
public sealed class ChatToolTests
{
    internal const string Tools = """
        "tools":[
          {"type":"function","function":{"name":"get_weather","description":"Tells the weather.","strict":false,
            "parameters":{"type":"object","properties":{"city":{"enum":["Bonn","Ulm"]},"days":{"type":"integer","minimum":0,"maximum":9}},"required":["city","days"],"additionalProperties":false}}},
          {"type":"function","function":{"name":"now"}}]
        """;

    private const string Call = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bonn\"}}\n</tool_call>";
    private const string TwoCalls = "Let me see. " + Call + "\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";

    [Fact]
    public async Task Call_Whole_HasNoContentAndFinishesWithToolCalls()
    {
        JsonNode choice = await WholeAsync(Call, Tools);

        JsonObject message = choice["message"]!.AsObject();
        Assert.Equal(["role", "content", "tool_calls", "refusal"], message.Select(pair => pair.Key));
        Assert.Null(message["content"]);
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        JsonNode call = Assert.Single(message["tool_calls"]!.AsArray())!;
        Assert.Matches("^call_[A-Za-z0-9]{24}$", (string?)call["id"]);
        Assert.Equal("function", (string?)call["type"]);
        Assert.Equal("""{"name":"get_weather","arguments":"{\"city\": \"Bonn\"}"}""", call["function"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Fact]
    public async Task Calls_Streamed_ComeNameFirstAndThenInPieces()
    {
        await using var app = new TestApp { Reply = TwoCalls, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(Tools + ",\"stream\":true")));

        JsonNode[] pieces = [.. stream.Choices(0).SelectMany(choice => choice["delta"]!["tool_calls"]?.AsArray() ?? []).Select(piece => piece!)];
        Assert.Equal("""{"role":"assistant","content":""}""", stream.Chunks[0]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("Let me see.", stream.Text());
        Assert.Equal("tool_calls", stream.FinishReason());
        Assert.Equal("""{"name":"get_weather","arguments":""}""", pieces[0]["function"]!.ToJsonString());
        Assert.Equal(["index", "id", "type", "function"], pieces[0].AsObject().Select(pair => pair.Key));
        Assert.Equal(["index", "function"], pieces[1].AsObject().Select(pair => pair.Key));
        Assert.Equal(["arguments"], pieces[1]["function"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("""{"city": "Bonn"}""", Arguments(pieces, 0));
        Assert.Equal("{}", Arguments(pieces, 1));
        Assert.Equal(2, pieces.Select(piece => (string?)piece["id"]).OfType<string>().Distinct().Count());
        Assert.All(stream.Choices(0), choice => Assert.True((choice["delta"]!["tool_calls"]?.AsArray().Count ?? 1) == 1));
    }

    [Fact]
    public async Task Calls_SeveralAnswers_EachCountItsOwn()
    {
        await using var app = new TestApp { Reply = TwoCalls, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode whole = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(Tools + ",\"n\":2")));
        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(Tools + ",\"n\":2,\"stream\":true")));

        for (int choice = 0; choice < 2; choice++)
        {
            Assert.Equal(["get_weather", "now"], whole["choices"]![choice]!["message"]!["tool_calls"]!.AsArray().Select(call => (string?)call!["function"]!["name"]));
            Assert.Equal("Let me see.", (string?)whole["choices"]![choice]!["message"]!["content"]);
            Assert.Equal([0, 1], stream.Choices(choice).Select(one => (int?)one["delta"]!["tool_calls"]?[0]!["index"]).OfType<int>().Distinct());
        }
    }

    [Theory]
    [InlineData(Call, "\"tool_choice\":\"none\"")]
    [InlineData("<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "\"tool_choice\":\"auto\"")]
    [InlineData("{\"name\": \"now\", \"arguments\": {}}", "\"tool_choice\":\"auto\"")]
    [InlineData(Call, "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"now\"}}]}}")]
    [InlineData("Write <tool_call>", "\"tool_choice\":\"auto\"")]
    [InlineData("Write <tool_call>\n{\"name\": \"now\"", "\"tool_choice\":\"auto\"")]
    public async Task TextThatIsNoCall_Stays(string reply, string fields)
    {
        await using var app = new TestApp { Reply = reply, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode choice = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat($"{Tools},{fields}"))))["choices"]![0]!;
        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat($"{Tools},{fields},\"stream\":true")));

        Assert.Equal(reply, (string?)choice["message"]!["content"]);
        Assert.Equal(reply, stream.Text());
        Assert.False(choice["message"]!.AsObject().ContainsKey("tool_calls"));
        Assert.Equal("stop", (string?)choice["finish_reason"]);
        Assert.Equal("stop", stream.FinishReason());
    }

    [Fact]
    public async Task HalfACall_CutByTheLimit_IsNoText()
    {
        string half = "Write <tool_call>\n{\"name\": \"now\"";
        JsonNode choice = await WholeAsync(half, $"{Tools},\"max_tokens\":{TestApp.Tokenizer.Encode(half).Length}");

        Assert.Equal("Write", (string?)choice["message"]!["content"]);
        Assert.Equal("length", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task ParallelToolCalls_False_EndsWithTheFirst()
    {
        JsonNode choice = await WholeAsync(TwoCalls, Tools + ",\"parallel_tool_calls\":false,\"return_token_ids\":true");

        Assert.Equal("get_weather", (string?)Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!["name"]);
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        Assert.True(choice["token_ids"]!.AsArray().Count < TestApp.Tokenizer.Encode(TwoCalls).Length - 10);
    }

    [Fact]
    public async Task Call_CutByItsLimit_KeepsItsPartAndSaysLength()
    {
        int tokens = TestApp.Tokenizer.Encode(Call).Length - 16;
        JsonNode choice = await WholeAsync(Call, Tools + $",\"max_tokens\":{tokens}");

        string arguments = (string)choice["message"]!["tool_calls"]![0]!["function"]!["arguments"]!;
        Assert.StartsWith(arguments, "{\"city\": \"Bonn\"}");
        Assert.NotEqual("{\"city\": \"Bonn\"}", arguments);
        Assert.Equal("length", (string?)choice["finish_reason"]);
    }

    [Theory]
    [InlineData("\\n")]
    [InlineData("call>")]
    [InlineData("city")]
    [InlineData("\\\"")]
    [InlineData("}")]
    [InlineData(". <")] // begins in the text, and would go on in the call
    public async Task Stop_WithinCalls_IsNotLookedFor(string stop)
    {
        string fields = $"{Tools},\"stop\":\"{stop}\",\"logprobs\":true";
        await using var app = new TestApp { Reply = TwoCalls, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode choice = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields))))["choices"]![0]!;
        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"stream\":true")));

        JsonNode[] pieces = [.. stream.Choices(0).SelectMany(one => one["delta"]!["tool_calls"]?.AsArray() ?? []).Select(piece => piece!)];
        Assert.Equal(["get_weather", "now"], choice["message"]!["tool_calls"]!.AsArray().Select(call => (string?)call!["function"]!["name"]));
        Assert.Equal("{\"city\": \"Bonn\"}", Arguments(pieces, 0));
        Assert.Equal("Let me see.", (string?)choice["message"]!["content"]);
        Assert.Equal("Let me see.", stream.Text());
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        Assert.Equal("tool_calls", stream.FinishReason());
        Assert.Equal(TwoCalls, string.Concat(choice["logprobs"]!["content"]!.AsArray().Select(token => (string?)token!["token"])));
    }

    [Theory]
    [InlineData("Hello <tool_cal STOP " + Call, "STOP", "Hello <tool_cal ")]
    [InlineData("Hello <tool_cal <tool STOP", "_cal <tool S", "Hello <tool")]
    [InlineData("Let me see. " + Call, "me", "Let ")]
    public async Task Stop_InTheTextBesideCalls_EndsTheAnswer(string reply, string stop, string shown)
    {
        JsonNode choice = await WholeAsync(reply, $"{Tools},\"stop\":\"{stop}\",\"logprobs\":true");

        Assert.Equal(shown, (string?)choice["message"]!["content"]);
        Assert.False(choice["message"]!.AsObject().ContainsKey("tool_calls"));
        Assert.Equal("stop", (string?)choice["finish_reason"]);
        Assert.StartsWith(string.Concat(choice["logprobs"]!["content"]!.AsArray().Select(token => (string?)token!["token"])), reply);
    }

    [Fact]
    public async Task Call_EndedByAToken_SaysStop()
    {
        int[] tokens = TestApp.Tokenizer.Encode(Call);
        int at = Enumerable.Range(1, tokens.Length - 1).First(i => TestApp.Tokenizer.Decode(tokens[..i]).Contains("{\"city", StringComparison.Ordinal) && !tokens[..i].Contains(tokens[i]));
        JsonNode choice = await WholeAsync(Call, $"{Tools},\"stop_token_ids\":[{tokens[at]}]");

        string arguments = (string)choice["message"]!["tool_calls"]![0]!["function"]!["arguments"]!;
        Assert.StartsWith(arguments, "{\"city\": \"Bonn\"}");
        Assert.NotEqual("{\"city\": \"Bonn\"}", arguments);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task Logprobs_WithCalls_CoverEveryTokenOfTheAnswer()
    {
        JsonNode choice = await WholeAsync(TwoCalls, Tools + ",\"logprobs\":true");

        Assert.Equal(TwoCalls, string.Concat(choice["logprobs"]!["content"]!.AsArray().Select(token => (string?)token!["token"])));
    }

    [Theory]
    [InlineData("llama3_json", "{\"name\": \"now\", \"parameters\": {\"x\": 1}}")]
    [InlineData("mistral", "[{\"name\": \"now\", \"arguments\": {\"x\": 1}}]")]
    [InlineData("pythonic", "[now(x= 1)]")]
    public async Task ToolFormat_Set_IsReadAndTold(string format, string reply)
    {
        await using var app = new TestApp { Reply = reply, ContextLength = 2048, Settings = { ["Model:ToolFormat"] = format } };
        HttpClient client = await app.StartAsync();

        JsonNode answer = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(Tools + ",\"return_token_ids\":true")));

        JsonNode call = answer["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!;
        Assert.Equal("now", (string?)call["name"]);
        Assert.Equal(1, (int?)JsonNode.Parse((string)call["arguments"]!)!["x"]);
        string prompt = TestApp.Tokenizer.Decode([.. answer["prompt_token_ids"]!.AsArray().Select(id => (int)id!)]);
        Assert.Contains(format == "pythonic" ? "[function_name(argument=\"value\")]" : "{\"name\": \"function_name\", \"", prompt);
    }

    private static async Task<JsonNode> WholeAsync(string reply, string fields)
    {
        await using var app = new TestApp { Reply = reply, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await TestApp.ReadJsonAsync(response))["choices"]![0]!;
    }

    private static string Arguments(JsonNode[] pieces, int index) =>
        string.Concat(pieces.Where(piece => (int)piece["index"]! == index).Select(piece => (string?)piece["function"]!["arguments"]));
}
