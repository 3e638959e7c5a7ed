using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Terminal;

/// <summary><c>chat</c> as a person meets it: a process on a terminal, keys and signals.</summary>
public sealed class RealTerminalTests : IDisposable
{
    private const string CtrlC = "\u0003", CtrlD = "\u0004";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("terminal");

    public void Dispose() => _folder.Delete(recursive: true);

    [TerminalFact]
    public async Task Conversation_LinesPastesAndWideCharacters_ReachTheServerAsTheyWereTyped()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        await using TerminalProcess terminal = await TalkAsync(app);
        string path = Path.Combine(_folder.FullName, "talk.json");

        await AskAsync(terminal, "What is a giraffe?\n");
        await AskAsync(terminal, "ножницы 猫 🦒 é?\n");
        await AskAsync(terminal, "gone 猫🦒\u007f\u007f?\n"); // taken back, one key each
        await AskAsync(terminal, "\e[A\u0001keys\e[D\e[3~\eOF?\n"); // up, Ctrl-A, left, delete, end
        terminal.Type("one \\\n");
        await terminal.UntilAsync("… ");
        await AskAsync(terminal, "two\n");
        terminal.Type("\"\"\"first\n");
        await terminal.UntilAsync("… ");
        await AskAsync(terminal, "second\"\"\"\n");
        terminal.Type($"/save {path}\n");
        await terminal.UntilAsync("Written: ");
        await terminal.UntilAsync("> ");
        terminal.Type(CtrlD);

        Assert.Equal(0, await terminal.ExitAsync());
        string[] asked = [.. JsonNode.Parse(await File.ReadAllTextAsync(path))!["messages"]!.AsArray().Where(message => (string?)message!["role"] == "user").Select(message => (string)message!["content"]!)];
        Assert.Equal(["What is a giraffe?", "ножницы 猫 🦒 é?", "gone ?", "keys?", "one \ntwo", "first\nsecond"], asked);
        Assert.Contains("\e[2m", terminal.Screen); // figures are dim
    }

    [TerminalFact]
    public async Task CtrlC_InMidAnswer_StopsItAloneAndTwiceAtThePromptLeaves()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { ContextLength = 16_384, OnStep = slow.OnStep };
        await using TerminalProcess terminal = await TalkAsync(app);
        slow.HoldAt = app.Engine.Snapshot.StepCount + 3;
        terminal.Type("Go on for ever.\n");
        await Wait.Until(() => slow.IsHolding);
        terminal.Type(CtrlC);
        await terminal.UntilAsync("stopped");
        slow.Release();
        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
        await terminal.UntilAsync("> ");
        terminal.Type("/help\n");
        await terminal.UntilAsync("/undo");
        await terminal.UntilAsync("> ");
        terminal.Type(CtrlC);
        await terminal.UntilAsync("Ctrl-C again");
        terminal.Type(CtrlC);

        Assert.Equal(0, await terminal.ExitAsync());
    }

    [TerminalFact]
    public async Task Server_ThatDies_IsToldAndTheConversationGoesOn()
    {
        using var slow = new SlowModel { IsSlow = true };
        var app = new TestApp { ContextLength = 16_384, OnStep = slow.OnStep, Settings = { ["Server:DrainSeconds"] = "0" } };
        await using TerminalProcess terminal = await TalkAsync(app);
        terminal.Type("Go on for ever.\n");
        await Wait.Until(() => app.Engine.Snapshot.RunningCount == 1);
        await app.DisposeAsync();
        await terminal.UntilAsync("> ");
        terminal.Type("Are you there?\n");
        await terminal.UntilAsync("cannot be reached");
        await terminal.UntilAsync("> ");
        terminal.Type("/quit\n");

        Assert.Equal(0, await terminal.ExitAsync());
    }

    [TerminalFact]
    public async Task Output_IntoAPipe_HasTheAnswerAndNoColour()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        await using TerminalProcess terminal = TerminalProcess.Start($"echo What? | PROGRAM chat --url {await StartAsync(app)} | od -c -A n");

        Assert.Equal(0, await terminal.ExitAsync());
        Assert.Equal("Atallanimal.\\n", string.Concat(terminal.Screen.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))); // octal of any other byte would be seen
    }

    [TerminalFact]
    public async Task Input_Closed_IsItsEnd()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        await using TerminalProcess chat = TerminalProcess.Start($"PROGRAM chat --url {await StartAsync(app)} <&-");
        await using TerminalProcess key = TerminalProcess.Start("PROGRAM key hash <&-");

        Assert.Equal((0, 1), (await chat.ExitAsync(), await key.ExitAsync()));
        Assert.Contains("standard input", key.Screen);
    }

    [TerminalTheory]
    [InlineData("nonsense 2>&-", 2)]
    [InlineData("fields >&-", 0)]
    [InlineData("--Model:Path=/no/such 2>&- >&-", 1)]
    public async Task Output_Closed_IsWrittenNoMore(string words, int exitCode)
    {
        await using TerminalProcess terminal = TerminalProcess.Start($"PROGRAM {words}");

        Assert.Equal(exitCode, await terminal.ExitAsync());
        Assert.Equal("", terminal.Screen);
    }

    [TerminalFact]
    public async Task Output_ThatNobodyReadsAnyMore_EndsQuestionsWithoutEnd()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        await using TerminalProcess terminal = TerminalProcess.Start($"yes What? | PROGRAM chat --url {await StartAsync(app)} | head -n 1");

        Assert.Equal(0, await terminal.ExitAsync());
    }

    [TerminalFact]
    public async Task Output_ThatNobodyReadsAnyMore_StopsAnAnswerWithoutEnd()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { ContextLength = 1 << 20, OnStep = slow.OnStep };
        await using TerminalProcess terminal = TerminalProcess.Start($"PROGRAM chat 'Go on for ever.' --url {await StartAsync(app)} | head -c 1");

        Assert.Equal(0, await terminal.ExitAsync());
        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
    }

    private static async Task<TerminalProcess> TalkAsync(TestApp app)
    {
        TerminalProcess terminal = TerminalProcess.Start($"exec PROGRAM chat --url {await StartAsync(app)}");
        await terminal.UntilAsync("Ctrl-D leaves.");
        await terminal.UntilAsync("> ");
        return terminal;
    }

    private static async Task AskAsync(TerminalProcess terminal, string keys)
    {
        terminal.Type(keys);
        await terminal.UntilAsync("A tall animal.");
        await terminal.UntilAsync("> ");
    }

    private static async Task<string> StartAsync(TestApp app)
    {
        app.UseKestrel();
        return (await app.StartAsync()).BaseAddress!.ToString();
    }
}
