using System.Text;
using System.Text.Json;
using Llama.Server.Tests.Hosting;
using OpenAI.Chat;

namespace Llama.Server.Tests.Tools;

/// <summary>Tools through OpenAI's official .NET client.</summary>
public sealed class ToolClientTests
{
    private const string Call = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bonn\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";

    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather", "Tells the weather.", BinaryData.FromString("""{"type":"object","properties":{"city":{"enum":["Bonn","Ulm"]}},"required":["city"],"additionalProperties":false}"""));

    private static readonly ChatTool Now = ChatTool.CreateFunctionTool("now");

    [Fact]
    public async Task CompleteChat_ToolLoop_CallsAndTakesResults()
    {
        await using var app = new TestApp { Reply = Call, ContextLength = 2048 };
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        List<ChatMessage> messages = [new SystemChatMessage("Be brief."), new UserChatMessage("What is the weather?") { ParticipantName = "Ann" }];
        var options = new ChatCompletionOptions { Tools = { Weather, Now }, AllowParallelToolCalls = true };

        ChatCompletion asked = await chat.CompleteChatAsync(messages, options);
        messages.Add(new AssistantChatMessage(asked));
        messages.AddRange(asked.ToolCalls.Select(call => new ToolChatMessage(call.Id, "It rains.")));
        ChatCompletion answered = await chat.CompleteChatAsync(messages, options);

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        Assert.Empty(asked.Content);
        Assert.Equal(["get_weather", "now"], asked.ToolCalls.Select(call => call.FunctionName));
        Assert.Equal("""{"city": "Bonn"}""", asked.ToolCalls[0].FunctionArguments.ToString());
        Assert.True(answered.Usage.InputTokenCount > asked.Usage.InputTokenCount);
    }

    [Fact]
    public async Task CompleteChat_Streamed_UpdatesPutTheCallsTogether()
    {
        await using var app = new TestApp { Reply = Call, ContextLength = 2048 };
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        var names = new SortedDictionary<int, string>();
        var arguments = new SortedDictionary<int, StringBuilder>();
        ChatFinishReason? finish = null;

        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("Weather?")], new ChatCompletionOptions { Tools = { Weather, Now } }))
        {
            finish ??= update.FinishReason;
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                if (call.FunctionName is { Length: > 0 })
                    (names[call.Index], arguments[call.Index]) = (call.FunctionName, new StringBuilder());
                arguments[call.Index].Append(call.FunctionArgumentsUpdate);
            }
        }

        Assert.Equal(ChatFinishReason.ToolCalls, finish);
        Assert.Equal(["get_weather", "now"], names.Values);
        Assert.Equal(["""{"city": "Bonn"}""", "{}"], arguments.Values.Select(text => text.ToString()));
    }

    [Fact]
    public async Task CompleteChat_ToolChoice_IsKept()
    {
        await using var random = new TestApp { ContextLength = 2048 };
        ChatClient chat = (await random.ConnectAsync()).GetChatClient(TestApp.ModelName);

        ChatCompletion named = await chat.CompleteChatAsync([new UserChatMessage("Hi")], Options(ChatToolChoice.CreateFunctionChoice("get_weather")));
        ChatCompletion required = await chat.CompleteChatAsync([new UserChatMessage("Hi")], Options(ChatToolChoice.CreateRequiredChoice()));
        ChatCompletion none = await chat.CompleteChatAsync([new UserChatMessage("Hi")], Options(ChatToolChoice.CreateNoneChoice()));

        Assert.Contains(JsonDocument.Parse(named.ToolCalls[0].FunctionArguments).RootElement.GetProperty("city").GetString(), (string[])["Bonn", "Ulm"]);
        Assert.Equal("get_weather", Assert.Single(named.ToolCalls).FunctionName);
        Assert.Single(required.ToolCalls);
        Assert.Empty(none.ToolCalls);
        Assert.Equal(ChatFinishReason.Length, none.FinishReason);

        static ChatCompletionOptions Options(ChatToolChoice choice) =>
            new() { Tools = { Weather, Now }, ToolChoice = choice, AllowParallelToolCalls = false, MaxOutputTokenCount = 60, Seed = 5 };
    }
}
