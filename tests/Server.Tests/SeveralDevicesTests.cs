using System.ClientModel;
using System.ClientModel.Primitives;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;
using OpenAI.Chat;

namespace Llama.Server.Tests;

/// <summary>The whole program with the bundled model on several devices, its layers on one after the other, shared by all, or both, through OpenAI's own client.</summary>
public sealed class SeveralDevicesTests
{
    private static readonly string[] Words = ["giraffe", "zebra", "violin", "hammer", "river", "teacher", "apple", "castle", "engine", "island", "needle", "orange"];

    [Theory]
    [InlineData("cpu:0,cpu:1", 1)]
    [InlineData("cpu", 2)]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 2)]
    public async Task Chat_ManyAtOnceOnSeveralDevices_AnswersAsOneDeviceDoesEachAlone(string devices, int shared)
    {
        List<string> alone = [];
        await using (DemoApp one = AppOn("cpu"))
        {
            ChatClient client = await ConnectAsync(one);
            foreach (string word in Words) alone.Add(await AskAsync(client, word));
        }
        await using DemoApp two = AppOn(devices, shared);
        ChatClient several = await ConnectAsync(two);
        Assert.Equal(alone, await Task.WhenAll(Words.Select(word => AskAsync(several, word))));
        Assert.Equal(devices == "cpu" ? 1 : 2, two.Services.GetRequiredService<EngineHost>().Checkpoint!.Limits.StepsUnderWay);
        Assert.Equal(0, two.Engine.Snapshot.UsedBlockCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Chat_PromptSeenBefore_IsFoundInTheCacheOfBothDevices(int shared)
    {
        await using DemoApp app = AppOn("cpu:0,cpu:1", shared);
        ChatClient client = await ConnectAsync(app);
        string prompt = string.Concat(Enumerable.Repeat("a tall animal with a long neck; ", 20));
        ChatCompletion first = await CompleteAsync(client, prompt), second = await CompleteAsync(client, prompt);
        Assert.Equal(0, first.Usage.InputTokenDetails.CachedTokenCount);
        Assert.InRange(second.Usage.InputTokenDetails.CachedTokenCount, second.Usage.InputTokenCount - 17, second.Usage.InputTokenCount - 1);
        Assert.Equal(first.Content[0].Text, second.Content[0].Text);
        Assert.All(app.Services.GetRequiredService<EngineHost>().Description!.Devices, device => Assert.True(device.Busy.Total > TimeSpan.Zero, device.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_ClientLeavesWhileStepsAreUnderWay_ItsBlocksAreFreeAndTheOthersGoOn(int shared)
    {
        await using DemoApp app = AppOn("cpu:0,cpu:1", shared);
        ChatClient client = await ConnectAsync(app);
        string expected = await AskAsync(client, "giraffe");
        for (int i = 0; i < 4; i++)
        {
            Task<string> staying = AskAsync(client, "giraffe");
            await foreach (StreamingChatCompletionUpdate _ in client.CompleteChatStreamingAsync("Tell me a very long story.")) break; // leaves
            Assert.Equal(expected, await staying);
        }
        await Wait.Until(() => app.Engine.Snapshot is { UsedBlockCount: 0, RunningCount: 0 });
    }

    private static DemoApp AppOn(string devices, int shared = 1) =>
        new() { Settings = { ["Model:Device"] = devices, ["Model:TensorParallel"] = $"{shared}", ["Model:Dtype"] = "float32", ["Model:Threads"] = "2" } };

    private static async Task<ChatClient> ConnectAsync(DemoApp app)
    {
        await app.StartAsync();
        return new OpenAIClient(new ApiKeyCredential("any"), new OpenAIClientOptions
        {
            Endpoint = new Uri("http://localhost/v1"),
            Transport = new HttpClientPipelineTransport(app.CreateClient()),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        }).GetChatClient(DemoApp.ModelName);
    }

    private static async Task<string> AskAsync(ChatClient client, string word) => (await CompleteAsync(client, $"What is a {word}?")).Content[0].Text;

    private static async Task<ChatCompletion> CompleteAsync(ChatClient client, string text) =>
        await client.CompleteChatAsync([new UserChatMessage(text)], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 40 });
}
