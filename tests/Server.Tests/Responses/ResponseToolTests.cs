using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using OpenAI.Responses;
using static Llama.Server.Tests.Responses.ResponseTranscript;

namespace Llama.Server.Tests.Responses;

/// <summary>Calls of the caller's functions, and answers in JSON.</summary>
public sealed class ResponseToolTests
{
    private const string Tools = """
        "tools":[{"type":"function","name":"weather","description":"Tells the weather.","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":12}},"required":["city"],"additionalProperties":false}},
                 {"type":"function","name":"now"}]
        """;
    private const string Ask = $"\"input\":\"What is the weather?\",{Tools}";
    private const string OneCall = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>";
    private const string TwoCalls = $"{OneCall}\n<tool_call>\n{{\"name\": \"now\", \"arguments\": {{}}}}\n</tool_call>";

    [Fact]
    public async Task Create_ModelCalls_EachCallIsAnItem()
    {
        await using var app = new TestApp { Reply = $"Let me see.\n{TwoCalls}", ContextLength = 2048 };
        JsonNode response = await CreateAsync(await app.StartAsync(), Ask);

        JsonArray output = response["output"]!.AsArray();
        Assert.Equal(["message", "function_call", "function_call"], output.Select(item => (string?)item!["type"]));
        Assert.Equal("Let me see.", ((string?)output[0]!["content"]![0]!["text"])!.Trim());
        Assert.Equal(["type", "id", "status", "call_id", "name", "arguments"], output[1]!.AsObject().Select(pair => pair.Key));
        Assert.StartsWith("fc_", (string?)output[1]!["id"]);
        Assert.Equal(("weather", "Rome", "completed"), ((string?)output[1]!["name"], (string?)JsonNode.Parse((string)output[1]!["arguments"]!)!["city"], (string?)output[1]!["status"]));
        Assert.Equal("now", (string?)output[2]!["name"]);
        Assert.Equal("completed", (string?)response["status"]);
        Assert.Equal(["type", "name", "description", "parameters", "strict"], response["tools"]![0]!.AsObject().Select(pair => pair.Key));
    }

    [Theory]
    [InlineData(OneCall)]
    [InlineData(TwoCalls)]
    [InlineData($"Let me see.\n{TwoCalls}")]
    [InlineData($"{OneCall}\nThere.\n{OneCall}\nDone.")]
    public async Task Stream_ModelCalls_ItemsComeOneAfterTheOtherAndEqualTheWhole(string reply)
    {
        await using var app = new TestApp { Reply = reply, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();

        JsonNode whole = await CreateAsync(client, Ask);
        ResponseTranscript stream = await StreamAsync(client, Ask);

        static string Shown(JsonNode item) => $"{item["type"]} {item["status"]} {item["name"]} {item["arguments"]} {item["content"]?.ToJsonString()}";
        string[] items = [.. stream.Final["output"]!.AsArray().Select(item => Shown(item!))];
        Assert.Equal(whole["output"]!.AsArray().Select(item => Shown(item!)), items);
        Assert.Equal(items, stream.Of("response.output_item.done").Select(one => Shown(one["item"]!)));
        int[] places = [.. stream.Events.Select(one => (int?)one["output_index"]).OfType<int>()];
        Assert.Equal(places.Order(), places);
        Assert.Equal(Enumerable.Range(0, items.Length), places.Distinct());
        foreach (JsonNode done in stream.Of("response.function_call_arguments.done"))
        {
            Assert.Equal(["type", "sequence_number", "output_index", "item_id", "name", "arguments"], done.AsObject().Select(pair => pair.Key));
            Assert.Equal((string?)done["arguments"], string.Concat(
                stream.Of("response.function_call_arguments.delta").Where(one => (string?)one["item_id"] == (string?)done["item_id"]).Select(one => (string?)one["delta"])));
            JsonNode added = stream.Of("response.output_item.added").Single(one => (string?)one["item"]!["id"] == (string?)done["item_id"]);
            Assert.Equal(("in_progress", "", (string?)done["name"]), ((string?)added["item"]!["status"], (string?)added["item"]!["arguments"], (string?)added["item"]!["name"]));
        }
        Assert.Equal(Enumerable.Range(0, stream.Events.Count), stream.Events.Select(one => (int)one["sequence_number"]!));
    }

    [Fact]
    public async Task Create_CallCutOff_IsIncompleteAndForgottenByTheConversation()
    {
        await using var app = new TestApp { Reply = OneCall, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        int half = TestApp.Tokenizer.Encode(OneCall).Length - 12;
        JsonNode whole = await CreateAsync(client, $"{Ask},\"max_output_tokens\":{half}");
        ResponseTranscript stream = await StreamAsync(client, $"{Ask},\"max_output_tokens\":{half}");

        foreach (JsonNode response in new[] { whole, stream.Final })
        {
            Assert.Equal("incomplete", (string?)response["status"]);
            Assert.Equal(("function_call", "incomplete"), ((string?)response["output"]![0]!["type"], (string?)response["output"]![0]!["status"]));
        }
        await CreateAsync(client, $"\"input\":\"Again, please.\",\"previous_response_id\":\"{whole["id"]}\"");
    }

    [Fact]
    public async Task Create_CutOffCallSentBack_IsLeftOut()
    {
        await using var app = new TestApp { Reply = OneCall, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        JsonNode cutOff = await CreateAsync(client, $"{Ask},\"max_output_tokens\":{TestApp.Tokenizer.Encode(OneCall).Length - 12}");
        string half = cutOff["output"]![0]!.ToJsonString(), again = "{\"role\":\"user\",\"content\":\"Again, please.\"}";

        JsonNode without = await CreateAsync(client, $"\"input\":[{again}]"), with = await CreateAsync(client, $"\"input\":[{half},{again}]");

        Assert.Equal((int?)without["usage"]!["input_tokens"], (int?)with["usage"]!["input_tokens"]);
    }

    /// <summary>The model wrote them: what is made can be sent back, and counts as what is gone on from.</summary>
    [Theory]
    [InlineData("{\"city\": \"Rome\", \"days\": }")]
    [InlineData("{city}")]
    public async Task Create_CallWithBrokenArgumentsSentBack_IsToldAsItWas(string arguments)
    {
        await using var app = new TestApp { Reply = $"<tool_call>\n{{\"name\": \"weather\", \"arguments\": {arguments}}}\n</tool_call>", ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        JsonNode asked = await CreateAsync(client, Ask);
        JsonNode call = Assert.Single(asked["output"]!.AsArray())!;
        string output = $$"""{"type":"function_call_output","call_id":"{{call["call_id"]}}","output":"What?"}""";

        JsonNode resent = await CreateAsync(client, $$""" "input":[{"role":"user","content":"What is the weather?"},{{call.ToJsonString()}},{{output}}],{{Tools}} """);
        JsonNode continued = await CreateAsync(client, $"\"input\":[{output}],\"previous_response_id\":\"{asked["id"]}\",{Tools}");

        Assert.Equal((arguments, "completed"), ((string?)call["arguments"], (string?)call["status"]));
        Assert.Equal((int?)continued["usage"]!["input_tokens"], (int?)resent["usage"]!["input_tokens"]);
    }

    [Fact]
    public async Task Create_CallWithEmptyArguments_IsTaken()
    {
        await using var app = new TestApp { Reply = "Hi.", ContextLength = 2048 };

        await CreateAsync(await app.StartAsync(), """
            "input":[{"role":"user","content":"Hi"},{"type":"function_call","call_id":"c","name":"now","arguments":""},{"type":"function_call_output","call_id":"c","output":"noon"}]
            """);
    }

    [Fact]
    public async Task Create_OutputOfACutOffCall_IsRefusedAsThat()
    {
        await using var app = new TestApp { Reply = OneCall, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        JsonNode cutOff = await CreateAsync(client, $"{Ask},\"max_output_tokens\":{TestApp.Tokenizer.Encode(OneCall).Length - 12}");
        string output = $$"""{"type":"function_call_output","call_id":"{{cutOff["output"]![0]!["call_id"]}}","output":"sunny"}""";

        HttpResponseMessage refused = await PostAsync(client, $"\"input\":[{output}],\"previous_response_id\":\"{cutOff["id"]}\"");

        Assert.Contains("was cut off", await refused.Content.ReadAsStringAsync());
        await ErrorTests.AssertErrorAsync(refused, System.Net.HttpStatusCode.BadRequest, "invalid_value", "input");
    }

    [Fact]
    public async Task Create_CallWithoutItsResult_IsRefused()
    {
        await using var app = new TestApp { Reply = OneCall, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        JsonNode response = await CreateAsync(client, Ask);

        await ErrorTests.AssertErrorAsync(
            await PostAsync(client, $"\"input\":\"Well?\",\"previous_response_id\":\"{response["id"]}\""), System.Net.HttpStatusCode.BadRequest, "invalid_value", "input");
    }

    [Theory]
    [InlineData("\"required\"")]
    [InlineData("""{"type":"function","name":"weather"}""")]
    [InlineData("""{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"weather"}]}""")]
    public async Task Create_CallForced_KeepsToTheSchemaWhateverTheModelWouldSay(string choice)
    {
        await using var app = new TestApp { ContextLength = 2048 };
        JsonNode response = await CreateAsync(await app.StartAsync(), $"{Ask},\"tool_choice\":{choice},\"parallel_tool_calls\":false,\"seed\":1,\"max_output_tokens\":200");

        JsonNode call = Assert.Single(response["output"]!.AsArray())!;
        Assert.Equal("function_call", (string?)call["type"]);
        JsonNode arguments = JsonNode.Parse((string)call["arguments"]!)!;
        if ((string?)call["name"] == "weather")
            Assert.Equal(JsonValueKind.String, arguments["city"]!.GetValueKind());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(choice), response["tool_choice"]));
        Assert.False((bool)response["parallel_tool_calls"]!);
    }

    [Fact]
    public async Task Client_FunctionRoundTrip_ByPreviousResponseAndByItems()
    {
        await using var app = new TestApp { Reply = OneCall, ContextLength = 2048 };
        ResponsesClient client = await ResponsesClientTests.ConnectAsync(app);
        FunctionTool tool = ResponseTool.CreateFunctionTool("weather", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""), strictModeEnabled: false);
        List<ResponseItem> conversation = [ResponseItem.CreateUserMessageItem("What is the weather?")];
        ResponseResult first = await client.CreateResponseAsync(new CreateResponseOptions(TestApp.ModelName, conversation) { Tools = { tool } });
        var call = Assert.IsAssignableFrom<FunctionCallResponseItem>(Assert.Single(first.OutputItems));
        Assert.Equal("weather", call.FunctionName);
        FunctionCallOutputResponseItem result = ResponseItem.CreateFunctionCallOutputItem(call.CallId, "Sunny.");

        ResponseResult continued = await client.CreateResponseAsync(new CreateResponseOptions(TestApp.ModelName, [result]) { PreviousResponseId = first.Id, Tools = { tool } });
        conversation.AddRange([call, result]);
        ResponseResult resent = await client.CreateResponseAsync(new CreateResponseOptions(TestApp.ModelName, conversation) { Tools = { tool } });

        Assert.Equal(continued.Usage.InputTokenCount, resent.Usage.InputTokenCount);
        Assert.True(continued.Usage.InputTokenCount > first.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Client_JsonSchema_IsKeptToWhateverTheModelWouldSay()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        ResponsesClient client = await ResponsesClientTests.ConnectAsync(app);
        const string schema = """
            {"type":"object","properties":{"animal":{"enum":["giraffe","zebra"]},"legs":{"type":"integer","minimum":0,"maximum":9}},"required":["animal","legs"],"additionalProperties":false}
            """;
        var options = new CreateResponseOptions(TestApp.ModelName, [ResponseItem.CreateUserMessageItem("Which?")])
        {
            MaxOutputTokenCount = 200,
            TextOptions = new ResponseTextOptions { TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("animal", BinaryData.FromString(schema), jsonSchemaIsStrict: true) },
        };

        ResponseResult response = await client.CreateResponseAsync(options);

        JsonNode answer = JsonNode.Parse(response.GetOutputText())!;
        Assert.Contains((string?)answer["animal"], new[] { "giraffe", "zebra" });
        Assert.InRange((int)answer["legs"]!, 0, 9);
        Assert.Equal(ResponseStatus.Completed, response.Status);
    }

    [Fact]
    public async Task Create_JsonObject_IsOneAndComesBack()
    {
        await using var app = new TestApp { ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        JsonNode response = await CreateAsync(client, "\"input\":\"Hi\",\"text\":{\"format\":{\"type\":\"json_object\"}},\"max_output_tokens\":300,\"seed\":5");

        Assert.Equal("json_object", (string?)response["text"]!["format"]!["type"]);
        Assert.StartsWith("{", (string?)response["output"]![0]!["content"]![0]!["text"]);
        await ErrorTests.AssertErrorAsync(
            await PostAsync(client, """ "input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","properties":{"a":{"type":"thing"}}}}} """),
            System.Net.HttpStatusCode.BadRequest,
            "invalid_value",
            "text.format.schema.properties.a.type");
    }
}
