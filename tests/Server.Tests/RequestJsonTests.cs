using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Client;
using Microsoft.Extensions.AI;

namespace Llama.Server.Tests;

/// <summary>What a caller in the process asks for, as the request that HTTP callers would send.</summary>
public sealed class RequestJsonTests
{
    [Fact]
    public void Write_EveryOption_HasItsField()
    {
        var options = new ChatOptions
        {
            Instructions = "Be brief.",
            ModelId = "tiny",
            Temperature = 0.7f,
            TopP = 0.9f,
            TopK = 40,
            MaxOutputTokens = 5,
            Seed = 42,
            FrequencyPenalty = 0.5f,
            PresencePenalty = -0.5f,
            StopSequences = ["\n", "END"],
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None },
            AdditionalProperties = new() { ["min_p"] = 0.1, ["guided_choice"] = new[] { "yes", "no" } },
        };

        AssertWrites(
            """
            {"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"temperature":0.7,"top_p":0.9,"top_k":40,
            "max_completion_tokens":5,"seed":42,"frequency_penalty":0.5,"presence_penalty":-0.5,"stop":["\n","END"],"reasoning_effort":"none",
            "min_p":0.1,"guided_choice":["yes","no"]}
            """,
            options);
    }

    [Fact]
    public void Write_NoOptions_AsksForTheServedModel() => AssertWrites("""{"model":"served","messages":[{"role":"user","content":"Hi"}]}""", null);

    [Fact]
    public void Write_ResponseFormats_AreOpenAIs()
    {
        AssertWrites("""{"model":"served","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"text"}}""", new ChatOptions { ResponseFormat = ChatResponseFormat.Text });
        AssertWrites(
            """{"model":"served","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_object"}}""", new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        AssertWrites(
            """
            {"model":"served","messages":[{"role":"user","content":"Hi"}],
            "response_format":{"type":"json_schema","json_schema":{"name":"point","description":"A place.","schema":{"type":"object"},"strict":true}}}
            """,
            new ChatOptions
            {
                ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object"}""").RootElement, "point", "A place."),
                AdditionalProperties = new() { ["strict"] = true },
            });
    }

    [Theory]
    [InlineData("none", "\"none\"")]
    [InlineData("auto", "\"auto\"")]
    [InlineData("any", "\"required\"")]
    [InlineData("weather", """{"type":"function","function":{"name":"weather"}}""")]
    public void Write_Tools_AreOpenAIs(string mode, string choice)
    {
        var options = new ChatOptions
        {
            Tools = [AIFunctionFactory.Create(([Description("Where.")] string city) => city, "weather", "Tells the weather.")],
            AllowMultipleToolCalls = false,
            ToolMode = mode switch { "none" => ChatToolMode.None, "auto" => ChatToolMode.Auto, "any" => ChatToolMode.RequireAny, _ => ChatToolMode.RequireSpecific(mode) },
        };

        AssertWrites(
            $$$$"""
            {"model":"served","messages":[{"role":"user","content":"Hi"}],
            "tools":[{"type":"function","function":{"name":"weather","description":"Tells the weather.",
            "parameters":{"type":"object","properties":{"city":{"description":"Where.","type":"string"}},"required":["city"]}}}],
            "parallel_tool_calls":false,"tool_choice":{{{{choice}}}}}
            """,
            options);
    }

    [Fact]
    public void Write_CallsAndResults_AreOpenAIs()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, [new TextContent("What is "), new TextContent("the weather?")]),
            new(ChatRole.Assistant, [new FunctionCallContent("c1", "weather", new Dictionary<string, object?> { ["city"] = "Rome" }), new FunctionCallContent("c2", "time")]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", "sunny"), new FunctionResultContent("c2", new { Hour = 12 })]),
        ];

        AssertWrites(
            """
            {"model":"served","messages":[{"role":"user","content":"What is the weather?"},
            {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}},
            {"id":"c2","type":"function","function":{"name":"time","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":"{\"hour\":12}"}]}
            """,
            null,
            messages);
    }

    [Fact]
    public void Write_ResultsOfMcpTools_AreTheTextThatTheySay()
    {
        ChatMessage[] messages = [new(ChatRole.Tool, [new FunctionResultContent("c1", new TextContent("sunny")), new FunctionResultContent("c2", new AIContent[] { new TextContent("12"), new TextContent("o'clock") })])];

        AssertWrites(
            """{"model":"served","messages":[{"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":"12\no'clock"}]}""", null, messages);
        AssertRefuses("DataContent", null, new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c", new DataContent(new byte[] { 1 }, "image/png"))]));
        AssertRefuses("UriContent", null, new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c", new List<AIContent> { new TextContent("x"), new UriContent("http://x/y.png", "image/png") })]));
    }

    [Fact]
    public void Write_ContentsOfAnAnswerAsTheyCame_HaveTheTokenCountsLeftOut() => AssertWrites(
        """{"model":"served","messages":[{"role":"assistant","content":"Hello."}]}""",
        null,
        new ChatMessage(ChatRole.Assistant, [new TextContent("Hel"), new TextContent("lo."), new UsageContent(new UsageDetails { OutputTokenCount = 2 })]));

    [Fact]
    public void Write_RoleInOtherLetters_IsThatRole() => AssertWrites("""{"model":"served","messages":[{"role":"user","content":"Hi"}]}""", null, new ChatMessage(new ChatRole("User"), "Hi"));

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void Write_StrictAsJson_IsHonoured(string json, bool strict)
    {
        JsonElement said = JsonDocument.Parse(json).RootElement;
        AIFunctionFactoryOptions named = new() { Name = "now", AdditionalProperties = new Dictionary<string, object?> { ["strict"] = said } };
        JsonElement written = RequestJson.Write(
            [new(ChatRole.User, "Hi")],
            new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("{}").RootElement), Tools = [AIFunctionFactory.Create(() => 1, named)], AdditionalProperties = new() { ["strict"] = said } },
            "served");

        Assert.Equal(strict, written.GetProperty("response_format").GetProperty("json_schema").GetProperty("strict").GetBoolean());
        Assert.Equal(strict, written.GetProperty("tools")[0].GetProperty("function").GetProperty("strict").GetBoolean());
    }

    [Fact]
    public void Write_OptionThatCouldHaveNoEffect_IsRefusedByName()
    {
        ChatResponseFormat format = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("{}").RootElement);

        Assert.Equal(("invalid_value", "strict"), Refusal(new ChatOptions { AdditionalProperties = new() { ["strict"] = true } }));
        Assert.Equal(("invalid_value", "strict"), Refusal(new ChatOptions { ResponseFormat = ChatResponseFormat.Json, AdditionalProperties = new() { ["strict"] = true } }));
        Assert.Equal(("invalid_type", "strict"), Refusal(new ChatOptions { ResponseFormat = format, AdditionalProperties = new() { ["strict"] = "yes" } }));
        Assert.Equal(("invalid_value", "temperature"), Refusal(new ChatOptions { Temperature = float.NaN }));
        Assert.Equal(("invalid_value", "top_p"), Refusal(new ChatOptions { TopP = float.PositiveInfinity }));
        Assert.Equal(("invalid_value", "frequency_penalty"), Refusal(new ChatOptions { FrequencyPenalty = float.NegativeInfinity }));
        Assert.Equal(("invalid_value", "presence_penalty"), Refusal(new ChatOptions { PresencePenalty = float.NaN }));

        static (string, string?) Refusal(ChatOptions options) =>
            Assert.Throws<LlamaException>(() => RequestJson.Write([new(ChatRole.User, "Hi")], options, "served")) is var thrown ? (thrown.Code, thrown.Param) : default;
    }

    [Fact]
    public void Write_WhatNothingHereCanDo_ThrowsAndNamesIt()
    {
        AssertRefuses("ConversationId", new ChatOptions { ConversationId = "c" });
        AssertRefuses("RawRepresentationFactory", new ChatOptions { RawRepresentationFactory = _ => new object() });
        AssertRefuses("Reasoning.Output", new ChatOptions { Reasoning = new ReasoningOptions { Output = ReasoningOutput.Full } });
        AssertRefuses("HostedWebSearchTool", new ChatOptions { Tools = [new HostedWebSearchTool()] });
        AssertRefuses("DataContent", null, new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]));
        AssertRefuses("FunctionResultContent", null, new ChatMessage(ChatRole.User, [new FunctionResultContent("c", "x")]));
        AssertRefuses("TextContent", null, new ChatMessage(ChatRole.Tool, "x"));
    }

    private static void AssertRefuses(string name, ChatOptions? options, params ChatMessage[] messages) =>
        Assert.Contains(name, Assert.Throws<NotSupportedException>(() => RequestJson.Write(messages, options, "served")).Message);

    /// <summary>Fields that are null count as absent.</summary>
    private static void AssertWrites(string expected, ChatOptions? options, params ChatMessage[] messages)
    {
        JsonElement written = RequestJson.Write(messages.Length > 0 ? messages : [new(ChatRole.User, "Hi")], options, "served");
        JsonNode body = WithoutNulls(JsonNode.Parse(written.GetRawText())!);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), body), body.ToJsonString());
    }

    private static JsonNode WithoutNulls(JsonNode node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Key, (JsonNode?)WithoutNulls(field.Value!)))),
        JsonArray items => new JsonArray([.. items.Select(item => WithoutNulls(item!))]),
        _ => node.DeepClone(),
    };
}
