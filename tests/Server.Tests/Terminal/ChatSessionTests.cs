using System.Text.Json.Nodes;
using Llama.Server.CommandLine.Terminal;
using Llama.Server.Configuration;
using Llama.Server.Remote;
using Llama.Server.Tests.Bench;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Terminal;

/// <summary>Conversations with a server on a real socket that goes wrong when it is asked to.</summary>
public sealed class ChatSessionTests : IAsyncLifetime
{
    private readonly StringWriter _output = new(), _error = new();
    private readonly Interrupts _interrupts = new();
    private FakeServer _server = null!;

    public async Task InitializeAsync() => _server = await FakeServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Run_LinesOfAFile_AreAnsweredInTurnAndRemembered()
    {
        Assert.Equal(0, await RunAsync(Screens.File(_output, _error), "one\n\ntwo\n"));

        Assert.Equal("ab\nab\n", _output.ToString());
        Assert.Equal(["user one", "assistant ab", "user two"], Said());
        Assert.Equal("", _error.ToString());
    }

    [Theory]
    [InlineData("400", "Too long.")]
    [InlineData("503", "503: come again")]
    [InlineData("cut", "broke off")]
    [InlineData("error", "It broke.")]
    [InlineData("error in words", "It broke.")]
    [InlineData("200", "The quota is used up.")]
    [InlineData("foreign", """did not answer as OpenAI's does: {"detail":"The quota is used up."}.""")]
    public async Task Run_FailureWithoutAPerson_EndsItAndIsToldInASentence(string question, string told)
    {
        Assert.Equal(1, await RunAsync(Screens.File(_output, _error), $"{question}\nnever asked"));

        Assert.Contains(told, _error.ToString());
        Assert.Equal([$"user {question}"], Said());
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("two answers")]
    [InlineData("nulls")]
    public async Task Run_AnswerInAnothersDialect_IsShown(string question)
    {
        Assert.Equal(0, await RunAsync(Screens.File(_output, _error), question));

        Assert.Equal("ab\n", _output.ToString());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Run_FailureBeforeAPerson_IsNoPartOfTheConversation()
    {
        Assert.Equal(0, await RunAsync(Screens.Person(_output, _error), "400\none"));

        Assert.Contains("Too long.", _error.ToString());
        Assert.Equal(["user one"], Said());
        Assert.Contains("first after ", _output.ToString());
    }

    [Fact]
    public async Task Run_Interrupted_StopsTheAnswerAndKeepsWhatThereIs()
    {
        TextWriter shared = TextWriter.Synchronized(_output);
        Task<int> run = RunAsync(Screens.Person(shared, _error), "hang\ntwo");
        await _server.Hangs;
        await Wait.Until(() => Shown(shared).Contains("> a", StringComparison.Ordinal)); // the first piece is on the screen

        Assert.False(_interrupts.Raise());

        Assert.Equal(0, await run);
        Assert.Contains("stopped", _output.ToString());
        Assert.Equal(["user hang", "assistant a", "user two"], Said());
    }

    [Fact]
    public async Task Run_InterruptedTwice_Leaves()
    {
        using BlockingReader never = new();
        Task<int> run = SessionOf(Screens.Person(_output)).RunAsync(new QuestionReader(never, Screens.Person(_output), () => false));

        Assert.True(_interrupts.Raise()); // the user is told how to leave
        Assert.False(_interrupts.Raise());

        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task Run_Commands_DoWhatHelpSays()
    {
        using TempFolder folder = new("llama-chat-");
        string path = folder.In("talk.json");

        await RunAsync(Screens.Person(_output, _error), $"/system Be brief.\n/params top_k 3\n/params stop [\"x\"]\none\ntwo\n/undo\n/save {path}\n/reset\n/system none\n/params top_k none\nthree\n/load {path}\n/retry\n/stats\n/params\n/help");

        Assert.Equal(["system Be brief.", "user one"], Said());
        Assert.Equal((3, """["x"]"""), ((int)_server.Last!["top_k"]!, _server.Last["stop"]!.ToJsonString()));
        Assert.Equal("", _error.ToString());
        Assert.Contains("Taken back: two", _output.ToString());
        Assert.Contains("4 answers, 0 of them failed", _output.ToString());
        Assert.Contains("/quit", _output.ToString());
    }

    [Theory]
    [InlineData("/nonsense", "/help")]
    [InlineData("/undo", "nothing to take back")]
    [InlineData("/retry", "no question")]
    [InlineData("/save", "name of a file")]
    [InlineData("/load /no/such/file", "/no/such/file")]
    [InlineData("/save ~", "~")] // the folder, not a file of that name
    [InlineData("/model nonsense", "it has fake")]
    [InlineData("/params top_k", "needs a value")]
    public async Task Run_CommandThatCannotBe_SaysWhatToDo(string command, string told)
    {
        Assert.Equal(1, await RunAsync(Screens.File(_output, _error), command));

        Assert.Contains(HomePath.Of(told), _error.ToString());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"messages":[{"role":"user"}]}""")]
    [InlineData("no json")]
    [InlineData("""{"messages":[],"messages":[]}""")]
    [InlineData("""{"model":5,"messages":[]}""")]
    public void Load_NoConversation_SaysWhatOneIs(string text) => Assert.Contains("\"messages\"", Assert.Throws<CommandLine.VerbException>(() => new Conversation().Load(text)).Message);

    [Fact]
    public async Task Show_ControlCharacters_ReachAFileButNoTerminal()
    {
        using StringWriter file = new();
        await RunAsync(Screens.Person(_output), "control");
        await RunAsync(Screens.File(file), "control");

        Assert.DoesNotContain('\e', _output.ToString());
        Assert.Contains("a␛[2J␛31m\n\tx", _output.ToString());
        Assert.Equal("a\e[2J\u009b31m\r\n\tx\n", file.ToString());
    }

    private Task<int> RunAsync(Screen screen, string input) => SessionOf(screen).RunAsync(new QuestionReader(new StringReader(input), screen, () => false));

    private ChatSession SessionOf(Screen screen)
    {
        ChatSettings settings = new(new Uri(_server.Url), ApiKey: null, Model: null, SystemPrompt: null, new Dictionary<string, JsonNode>(), IsStreamed: true, Question: null, IsWhole: false);
        return new ChatSession(new RemoteServer(settings.Url, null), "fake", settings, screen, _interrupts);
    }

    private string Shown(TextWriter shared)
    {
        lock (shared) return _output.ToString(); // as a synchronized writer locks itself
    }

    /// <summary>The messages of the last request.</summary>
    private IEnumerable<string> Said() => _server.Last!["messages"]!.AsArray().Select(message => $"{message!["role"]} {message["content"]}");

    /// <summary>A user who types nothing.</summary>
    private sealed class BlockingReader : TextReader
    {
        private readonly ManualResetEventSlim _end = new();

        public override string? ReadLine()
        {
            _end.Wait();
            return null;
        }

        protected override void Dispose(bool disposing) => _end.Set();
    }
}
