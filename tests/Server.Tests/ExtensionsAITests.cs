using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>What Microsoft.Extensions.AI builds on a chat client holds on the engine in this process: functions are called, answers have the asked-for type.</summary>
public sealed class ExtensionsAITests
{
    private const string Reply = "It is sunny.";

    public enum Sky
    {
        Clear,
        Cloudy,
    }

    public sealed record Weather(Sky Sky, bool IsWarm);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FunctionInvocation_CallThatIsRequired_IsMadeAndAnswered(bool isStreamed)
    {
        await using ForeignApp foreign = WithFunctions();
        await foreign.StartAsync();
        List<(Sky, bool)> calls = [];
        AIFunction weather = AIFunctionFactory.Create((Sky sky, bool today) => { calls.Add((sky, today)); return "sunny"; }, "weather", "Tells the weather.");
        var options = new ChatOptions { Tools = [weather], ToolMode = ChatToolMode.RequireSpecific("weather") };

        ChatResponse answer = isStreamed
            ? await foreign.Chat.GetStreamingResponseAsync("What is the weather?", options).ToChatResponseAsync()
            : await foreign.Chat.GetResponseAsync("What is the weather?", options);

        Assert.Single(calls);
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], answer.Messages.Select(message => message.Role));
        Assert.Equal("weather", Assert.Single(answer.Messages[0].Contents.OfType<FunctionCallContent>()).Name);
        Assert.Equal(Reply, answer.Messages[2].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task RequiredCall_WithoutInvocation_IsLeftToTheCaller()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply, ContextLength = 2048 });
        await foreign.StartAsync();
        AIFunctionDeclaration weather = AIFunctionFactory.Create((Sky sky) => sky, "weather", "Tells the weather.");

        ChatResponse answer = await foreign.Chat.GetResponseAsync("What is the weather?", new ChatOptions { Tools = [weather], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false });

        FunctionCallContent call = Assert.IsType<FunctionCallContent>(Assert.Single(Assert.Single(answer.Messages).Contents));
        Assert.Equal((ChatFinishReason.ToolCalls, "weather"), (answer.FinishReason, call.Name));
        Assert.Null(call.Exception);
        Assert.Contains(call.Arguments!["sky"]!.ToString(), Enum.GetNames<Sky>());
    }

    [Fact]
    public async Task GetResponse_OfAType_IsThatTypeWhateverTheModelSays()
    {
        await using var foreign = new ForeignApp(new TestModel());
        await foreign.StartAsync();

        for (int seed = 0; seed < 10; seed++)
        {
            ChatResponse<Weather> answer = await foreign.Chat.GetResponseAsync<Weather>("What is the weather?", new ChatOptions { Seed = seed, Temperature = 1 });

            Assert.True(answer.TryGetResult(out Weather? weather), answer.Text);
            Assert.True(Enum.IsDefined(weather.Sky));
            Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        }
    }

    [Fact]
    public async Task GuidedChoice_AsAnAdditionalProperty_IsHonoured()
    {
        await using var foreign = new ForeignApp(new TestModel());
        await foreign.StartAsync();

        ChatResponse answer = await foreign.Chat.GetResponseAsync("Is it?", new ChatOptions { AdditionalProperties = new() { ["guided_choice"] = new[] { "yes", "no" } } });

        Assert.Contains(answer.Text, (string[])["yes", "no"]);
    }

    private static ForeignApp WithFunctions()
    {
        var foreign = new ForeignApp(new TestModel { Reply = Reply, ContextLength = 2048 });
        foreign.Builder.Services.AddLlamaChatClient((provider, client) => client.AsBuilder().UseFunctionInvocation().Build(provider));
        return foreign;
    }
}
