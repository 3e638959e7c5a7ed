using System.ClientModel;
using System.Text;
using Llama.Server.Tests.Hosting;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Llama.Server.Tests;

/// <summary>The promise tested with the customer's own tool: OpenAI's official .NET client.</summary>
public sealed class OpenAIClientTests
{
    private const string Reply = "A giraffe is a tall animal.";

    [Fact]
    public async Task CompleteChat_Whole_GivesAnswerAndUsage()
    {
        await using var app = new TestApp { Reply = Reply };
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);

        ChatCompletion answer = await chat.CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("What is a giraffe?")]);

        Assert.Equal(Reply, answer.Content[0].Text);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(TestApp.ModelName, answer.Model);
        Assert.StartsWith("chatcmpl-", answer.Id);
        Assert.StartsWith("fp_", answer.SystemFingerprint);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task CompleteChat_Streamed_GivesTheSameAnswer()
    {
        await using var app = new TestApp { Reply = Reply };
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        ChatMessageRole? role = null;

        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("What is a giraffe?")]))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            (role, finish, usage) = (role ?? update.Role, finish ?? update.FinishReason, usage ?? update.Usage);
        }

        Assert.Equal(Reply, text.ToString());
        Assert.Equal(ChatMessageRole.Assistant, role);
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Equal(TestApp.Tokenizer.Encode(Reply).Length + 1, usage!.OutputTokenCount);
    }

    [Fact]
    public async Task CompleteChat_AllHonouredOptions_AreAccepted()
    {
        await using var app = new TestApp();
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 5,
            Temperature = 0.5f,
            TopP = 0.9f,
            FrequencyPenalty = 0.5f,
            PresencePenalty = 0.5f,
            Seed = 42,
            IncludeLogProbabilities = true,
            TopLogProbabilityCount = 2,
            EndUserId = "someone",
            StopSequences = { "never said" },
            LogitBiases = { [5] = 1 },
        };

        ChatCompletion answer = await chat.CompleteChatAsync([new UserChatMessage("Hi")], options);

        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(5, answer.ContentTokenLogProbabilities.Count);
        Assert.All(answer.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
        byte[] bytes = [.. answer.ContentTokenLogProbabilities.SelectMany(token => token.Utf8Bytes!.Value.ToArray())];
        Assert.Equal(answer.Content[0].Text, Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public async Task GetModels_Any_ListsTheServedModel()
    {
        await using var app = new TestApp();
        OpenAIModelClient models = (await app.ConnectAsync()).GetOpenAIModelClient();

        OpenAIModelCollection all = await models.GetModelsAsync();
        OpenAIModel one = await models.GetModelAsync(TestApp.ModelName);

        Assert.Equal(TestApp.ModelName, Assert.Single(all).Id);
        Assert.Equal(TestApp.ModelName, one.Id);
    }

    [Fact]
    public async Task CompleteChat_WrongKey_Is401()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" } };
        OpenAIClient right = await app.ConnectAsync("right"), wrong = await app.ConnectAsync("wrong");

        await right.GetChatClient(TestApp.ModelName).CompleteChatAsync([new UserChatMessage("Hi")], new ChatCompletionOptions { MaxOutputTokenCount = 1 });
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() =>
            wrong.GetChatClient(TestApp.ModelName).CompleteChatAsync([new UserChatMessage("Hi")]));

        Assert.Equal(401, error.Status);
        Assert.Contains("invalid_api_key", error.Message);
    }

    [Fact]
    public async Task CompleteChat_UnknownModel_Is404()
    {
        await using var app = new TestApp();
        ChatClient chat = (await app.ConnectAsync()).GetChatClient("gpt-99");

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync([new UserChatMessage("Hi")]));

        Assert.Equal(404, error.Status);
        Assert.Contains("model_not_found", error.Message);
    }

    [Fact]
    public async Task CompleteChat_BadParameter_Is400AndNamesIt()
    {
        await using var app = new TestApp();
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() =>
            chat.CompleteChatAsync([new UserChatMessage("Hi")], new ChatCompletionOptions { Temperature = 3 }));

        Assert.Equal(400, error.Status);
        Assert.Contains("temperature", error.Message);
    }
}
