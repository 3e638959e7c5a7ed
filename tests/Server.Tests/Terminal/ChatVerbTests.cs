using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Terminal;

/// <summary><c>chat</c> as it is called, against the real server.</summary>
public sealed class ChatVerbTests
{
    [Theory]
    [InlineData]
    [InlineData("--no-stream")]
    [InlineData("--system", "Be brief.", "--temperature", "0", "--top-p", "0.5", "--max-tokens", "20", "--seed", "3", "--model", TestApp.ModelName)]
    public async Task Run_QuestionToTheRealServer_IsAnswered(params string[] options)
    {
        await using var app = new TestApp { Reply = "A tall animal." };

        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["chat", "What is a giraffe?", "--url", await StartAsync(app), .. options]);

        Assert.Equal((0, "A tall animal.\n", ""), (exitCode, output, error));
    }

    [Fact]
    public async Task Run_Refused_SaysWhyAndWhatToDo()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" }, Reply = "Yes." };
        string url = await StartAsync(app);

        Assert.Contains("--api-key", await FailAsync("Hi", "--url", url, "--api-key", "wrong"));
        Assert.Contains("--api-key", await FailAsync("Hi", "--url", url, "--api-key", "wrong", "--model", TestApp.ModelName));
        Assert.Contains("/model", await FailAsync("Hi", "--url", url, "--api-key", "right", "--model", "gpt-4"));
        Assert.Contains("context length", await FailAsync("Hi", "--url", url, "--api-key", "right", "--max-tokens", "100000"));
        Assert.Contains("is empty", await FailAsync(" ", "--url", url, "--api-key", "right"));
        Assert.Contains("--api-key", await FailAsync("Hi", "--url", url, "--api-key", "ri\nght"));
        Assert.Contains("--api-key", await FailAsync("Hi", "--url", url, "--api-key", "schlüssel"));
        Assert.Equal(0, (await VerbsTests.RunAsync("chat", "Hi", "--url", url, "--api-key", "right")).ExitCode);
        Assert.Equal(0, (await VerbsTests.RunAsync("chat", "Hi", "--url", url, "--api-key", "right\r\n")).ExitCode);
    }

    [Fact]
    public async Task Run_NoServer_SaysHowToStartOne() => Assert.Contains("dotnet run -c Release --project src/Server", await FailAsync("Hi", "--url", "http://127.0.0.1:1"));

    [Theory]
    [InlineData("--url", "localhost")]
    [InlineData("--temperature", "3")]
    [InlineData("--temperature", "abc")]
    [InlineData("--top-p", "x")]
    [InlineData("--top-p", "0")]
    [InlineData("--max-tokens", "0")]
    [InlineData("--seed", "x")]
    [InlineData("--whole")]
    public async Task Run_BadValue_NamesTheOption(params string[] options)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["chat", "Hi", .. options]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(options is [_, var value] ? $"{options[0]} is '{value}'; give " : options[0], error);
        Assert.Contains("'chat --help'", error);
    }

    private static async Task<string> StartAsync(TestApp app)
    {
        app.UseKestrel();
        return (await app.StartAsync()).BaseAddress!.ToString();
    }

    private static async Task<string> FailAsync(params string[] options)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["chat", .. options]);
        Assert.Equal((1, ""), (exitCode, output));
        return error;
    }
}
