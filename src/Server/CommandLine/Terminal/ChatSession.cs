using System.Text.Json.Nodes;
using Llama.Server.Remote;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>A conversation between standard input and a server.</summary>
internal sealed class ChatSession
{
    private readonly RemoteServer _server;
    private readonly ChatSettings _settings;
    private readonly Screen _screen;
    private readonly Interrupts _interrupts;
    private readonly ChatCommands _commands;

    public ChatSession(RemoteServer server, string model, ChatSettings settings, Screen screen, Interrupts interrupts)
    {
        (_server, _settings, _screen, _interrupts, Model) = (server, settings, screen, interrupts, model);
        Conversation.SystemPrompt = settings.SystemPrompt;
        foreach ((string name, JsonNode value) in settings.Parameters) Conversation.Parameters[name] = value;
        _commands = new ChatCommands(this, screen);
    }

    public Conversation Conversation { get; } = new();

    public ChatTotals Totals { get; } = new();

    public string Model { get; set; }

    /// <summary>The server's models.</summary>
    public Task<string[]> ModelsAsync() => _server.ModelsAsync(CancellationToken.None);

    /// <summary>Talks until the input ends or the user leaves. Without a user the first failure ends it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(QuestionReader reader)
    {
        if (_screen.IsConversation) _screen.Note($"{Model} at {_server.Url}; /help lists commands, Ctrl-D leaves.");
        while (_screen.IsRead && await NextAsync(reader) is { } input)
        {
            _interrupts.Forget();
            if (string.IsNullOrWhiteSpace(input)) continue;
            bool isGood = input[0] == '/' && !input.StartsWith("//", StringComparison.Ordinal) ? await _commands.RunAsync(input) : await AskAsync(input[0] == '/' ? input[1..] : input);
            if (_commands.HasQuit || _interrupts.Leaving.IsCompleted) return 0;
            if (!isGood && !_screen.IsConversation) return 1;
        }
        return 0;
    }

    /// <summary>One question and its answer.</summary>
    public async Task<int> AskOnceAsync(string question)
    {
        if (string.IsNullOrWhiteSpace(question)) throw new VerbException("The question is empty; write one behind chat, or into standard input.");
        return await AskAsync(question.Trim()) ? 0 : 1;
    }

    /// <summary>Asks and shows the answer; false when it failed. A question without any answer is no part of the conversation.</summary>
    public async Task<bool> AskAsync(string question)
    {
        Conversation.Ask(question);
        var reader = new AnswerReader(_server, Show, TimeProvider.System);
        Answer answer = await reader.ReadAsync(Conversation.Request(Model, _settings.IsStreamed), _settings.IsStreamed, _interrupts.Begin());
        _interrupts.End();
        if (answer.Text.Length > 0) Conversation.Answer(answer.Text);
        else if (answer.Fault is not null || answer.IsStopped) Conversation.Undo();
        if (answer.Text.Length > 0 || answer.Fault is null) _screen.Tell("");
        if (answer.Fault is not null) _screen.Fail(answer.Fault);
        else _screen.Note(answer.ToString());
        Totals.Add(answer);
        return answer.Fault is null && (!answer.IsStopped || _screen.IsConversation);
    }

    /// <summary>A piece of an answer; with nobody to read it there is no use in the rest.</summary>
    private void Show(string piece)
    {
        _screen.Show(piece);
        if (!_screen.IsRead) _interrupts.Leave();
    }

    /// <summary>The next line, unless the user leaves before there is one: then its reader is left waiting.</summary>
    private async Task<string?> NextAsync(QuestionReader reader)
    {
        Task<string?> line = Task.Run(reader.Read);
        await Task.WhenAny(line, _interrupts.Leaving);
        return line.IsCompleted ? await line : null;
    }
}
