using System.Net;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Tools;

/// <summary>What is wrong with tools and their calls is told by field, as is what is right.</summary>
public sealed class ToolErrorTests(ErrorTests.Ready ready) : IClassFixture<ErrorTests.Ready>
{
    private const string User = """{"role":"user","content":"x"}""";
    private const string Called = """{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}""";
    private const string Answered = """{"role":"tool","tool_call_id":"c1","content":"1"}""";

    [Theory]
    [InlineData("""[{"type":"web_search"}]""", "unsupported_value", "tools[0].type")]
    [InlineData("""[{"type":"custom","custom":{"name":"x"}}]""", "unsupported_value", "tools[0].type")]
    [InlineData("""[{"function":{"name":"f"}}]""", "missing_required_parameter", "tools[0].type")]
    [InlineData("""[{"type":"function"}]""", "missing_required_parameter", "tools[0].function")]
    [InlineData("""[{"type":"function","function":{}}]""", "missing_required_parameter", "tools[0].function.name")]
    [InlineData("""[{"type":"function","function":{"name":"a b"}}]""", "invalid_value", "tools[0].function.name")]
    [InlineData("""[{"type":"function","function":{"name":"f","parameters":[]}}]""", "invalid_type", "tools[0].function.parameters")]
    [InlineData("""[{"type":"function","function":{"name":"f","parameters":{"type":"array"}}}]""", "invalid_value", "tools[0].function.parameters")]
    [InlineData("""[{"type":"function","function":{"name":"f","strict":1}}]""", "invalid_type", "tools[0].function.strict")]
    [InlineData("""[{"type":"function","function":{"name":"f","x":1}}]""", "unknown_parameter", "tools[0].function.x")]
    [InlineData("""[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]""", "invalid_value", "tools[1].function.name")]
    [InlineData("""{}""", "invalid_type", "tools")]
    public async Task Tools_Bad_NameTheField(string tools, string code, string param) => await AssertErrorAsync($"\"tools\":{tools}", code, param);

    [Theory]
    [InlineData("\"sometimes\"", "invalid_value", "tool_choice")]
    [InlineData("7", "invalid_type", "tool_choice")]
    [InlineData("""{"type":"function"}""", "missing_required_parameter", "tool_choice.function")]
    [InlineData("""{"type":"function","function":{"name":"g"}}""", "invalid_value", "tool_choice.function.name")]
    [InlineData("""{"type":"custom","custom":{"name":"f"}}""", "unsupported_value", "tool_choice.type")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[]}}""", "invalid_value", "tool_choice.allowed_tools.mode")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}""", "invalid_value", "tool_choice.allowed_tools.tools")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}""", "invalid_value", "tool_choice.allowed_tools.tools[0].function.name")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"mcp"}]}}""", "unsupported_value", "tool_choice.allowed_tools.tools[0].type")]
    public async Task ToolChoice_Bad_NamesTheField(string choice, string code, string param) =>
        await AssertErrorAsync(
            """
            "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":
            """ + choice,
            code,
            param);

    [Theory]
    [InlineData("\"tool_choice\":\"required\"", "invalid_value", "tool_choice")]
    [InlineData("\"tools\":[],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "invalid_value", "tool_choice")]
    [InlineData("\"functions\":[{\"name\":\"f\"}]", "unsupported_parameter", "functions")]
    [InlineData("\"function_call\":{\"name\":\"f\"}", "unsupported_parameter", "function_call")]
    [InlineData("\"parallel_tool_calls\":1", "invalid_type", "parallel_tool_calls")]
    public async Task OtherFields_Bad_AreNamed(string fields, string code, string param) => await AssertErrorAsync(fields, code, param);

    [Theory]
    [InlineData("[" + User + ",{\"role\":\"tool\",\"content\":\"1\"}]", "missing_required_parameter", "messages[1].tool_call_id")]
    [InlineData("[" + User + "," + Answered + "]", "invalid_value", "messages[1].tool_call_id")]
    [InlineData("[" + User + "," + Called + "]", "invalid_value", "messages[1].tool_calls")]
    [InlineData("[" + User + "," + Called + "," + User + "]", "invalid_value", "messages[1].tool_calls")]
    [InlineData("[" + User + "," + Called + "," + Answered + "," + Answered + "]", "invalid_value", "messages[3].tool_call_id")]
    [InlineData("[" + User + "," + Called + ",{\"role\":\"tool\",\"tool_call_id\":\"c1\"}]", "missing_required_parameter", "messages[2].content")]
    [InlineData("[" + User + ",{\"role\":\"assistant\"}]", "missing_required_parameter", "messages[1].content")]
    [InlineData("[{\"role\":\"user\",\"content\":\"x\",\"tool_call_id\":\"c1\"}]", "invalid_value", "messages[0]")]
    [InlineData("[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}]", "invalid_value", "messages[0]")]
    [InlineData("[" + User + ",{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"custom\",\"custom\":{}}]}]", "unsupported_value", "messages[1].tool_calls[0].type")]
    [InlineData("[" + User + ",{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}]", "invalid_type", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("[" + User + ",{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}]", "missing_required_parameter", "messages[1].tool_calls[0].id")]
    [InlineData("[" + User + ",{\"role\":\"function\",\"name\":\"f\",\"content\":\"1\"}]", "unsupported_value", "messages[1].role")]
    [InlineData("[" + User + ",{\"role\":\"assistant\",\"function_call\":{}}]", "unsupported_parameter", "messages[1].function_call")]
    public async Task Messages_Bad_NameTheField(string messages, string code, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json($$"""{"model":"tiny","messages":{{messages}}}"""));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    [Theory]
    [InlineData(User + "," + Called + "," + Answered, "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>")]
    [InlineData(User + "," + Called + "," + Answered, "f returned:\n1")]
    [InlineData(User + "," + Called + ",{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"name\":\"other\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}", "other returned:\nab")]
    [InlineData("{\"role\":\"user\",\"name\":\"Ann\",\"content\":\"x\"}", "[INST] x [/INST]")]
    public async Task History_WithCalls_IsToldInTheirOwnFormat(string messages, string told)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/tokenize", TestApp.Json($$"""{"messages":[{{messages}}]}"""));

        int[] tokens = [.. (await TestApp.ReadJsonAsync(response))["tokens"]!.AsArray().Select(id => (int)id!)];
        Assert.Contains(told, TestApp.Tokenizer.Decode(tokens));
    }

    [Fact]
    public async Task Tools_OnTheRoutesThatCount_Count()
    {
        const string tools = """
            "tools":[{"type":"function","function":{"name":"get_weather","description":"Says \"rain\".","parameters":{"type":"object","properties":{}}}}]
            """;
        HttpResponseMessage tokenized = await ready.Client.PostAsync("/tokenize", TestApp.Json($$"""{"messages":[{"role":"system","content":"Be brief."},{{User}}],{{tools}} }"""));
        HttpResponseMessage none = await ready.Client.PostAsync("/tokenize", TestApp.Json($$"""{"messages":[{{User}}],{{tools}},"tool_choice":"none"}"""));
        HttpResponseMessage counted = await ready.Client.PostAsync("/v1/chat/completions/input_tokens", TestApp.Json($$"""{"model":"tiny","messages":[{"role":"system","content":"Be brief."},{{User}}],{{tools}} }"""));

        int[] tokens = [.. (await TestApp.ReadJsonAsync(tokenized))["tokens"]!.AsArray().Select(id => (int)id!)];
        string prompt = TestApp.Tokenizer.Decode(tokens);
        Assert.StartsWith("[INST] <<SYS>>\nBe brief.\n\nYou can call these functions:\n\n{\"name\": \"get_weather\", \"description\": \"Says \\\"rain\\\".\", \"parameters\": {\"type\":\"object\"", prompt);
        Assert.Equal(tokens.Length, (int?)(await TestApp.ReadJsonAsync(counted))["input_tokens"]);
        Assert.Equal("[INST] x [/INST]", TestApp.Tokenizer.Decode([.. (await TestApp.ReadJsonAsync(none))["tokens"]!.AsArray().Select(id => (int)id!)]));
    }

    private async Task AssertErrorAsync(string fields, string code, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Chat(fields));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }
}
