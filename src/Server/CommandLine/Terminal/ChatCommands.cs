using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Configuration;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>The lines that begin with a slash.</summary>
internal sealed class ChatCommands
{
    private readonly ChatSession _session;
    private readonly Screen _screen;
    private readonly ChatCommand[] _all;

    public ChatCommands(ChatSession session, Screen screen)
    {
        (_session, _screen) = (session, screen);
        _all =
        [
            new("/help", "", "this list", _ => Done(Help)),
            new("/reset", "", "forget all questions and answers", _ => Done(_session.Conversation.Clear)),
            new("/system", "[TEXT|none]", "show or set the system prompt", text => Done(() => SystemPrompt(text))),
            new("/retry", "", "ask the last question again", _ => RetryAsync()),
            new("/undo", "", "take the last question and its answer back", _ => Done(Undo)),
            new("/save", "FILE", "write the conversation as JSON, as a request has it", path => Done(() => Save(path))),
            new("/load", "FILE", "take up one that was written", path => Done(() => Load(path))),
            new("/model", "[ID]", "show the server's models, or talk with another", ModelAsync),
            new("/params", "[NAME VALUE|none]", "show or set fields of the request: /params temperature 0.7", text => Done(() => Parameters(text))),
            new("/stats", "", "figures of all answers so far", _ => Done(() => _screen.Tell(_session.Totals.ToString()))),
            new("/quit", "", "leave, as Ctrl-D does", _ => Done(() => HasQuit = true)),
        ];
    }

    public bool HasQuit { get; private set; }

    /// <summary>Does what a line says; false, told, when that failed.</summary>
    public async Task<bool> RunAsync(string line)
    {
        string[] words = line.Split((char[]?)null, 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            ChatCommand command = Array.Find(_all, command => command.Name == words[0])
                ?? throw new VerbException($"There is no command {words[0]}; /help lists them. A question that begins with a slash takes two.");
            return await command.Run(words.Length > 1 ? words[1] : "");
        }
        catch (Exception exception) when (exception is VerbException or IOException or UnauthorizedAccessException)
        {
            _screen.Fail(exception.Message);
            return false;
        }
    }

    private static Task<bool> Done(Action action)
    {
        action();
        return Task.FromResult(true);
    }

    private void Help()
    {
        foreach (ChatCommand command in _all) _screen.Tell($"{$"{command.Name} {command.Takes}",-26} {command.Does}");
        _screen.Tell("A question of several lines: \\ at the end of each but the last, or \"\"\" before and behind, or paste it.");
    }

    private void SystemPrompt(string text)
    {
        if (text.Length > 0) _session.Conversation.SystemPrompt = text == "none" ? null : text;
        else _screen.Tell(_session.Conversation.SystemPrompt ?? "There is no system prompt.");
    }

    private Task<bool> RetryAsync() => _session.AskAsync(_session.Conversation.Undo() ?? throw new VerbException("There is no question to ask again."));

    private void Undo() => _screen.Tell($"Taken back: {_session.Conversation.Undo() ?? throw new VerbException("There is nothing to take back.")}");

    private void Save(string path)
    {
        string full = Required(path, "/save");
        File.WriteAllText(full, _session.Conversation.Save(_session.Model) + "\n");
        _screen.Tell($"Written: {full}");
    }

    private void Load(string path)
    {
        _session.Model = _session.Conversation.Load(File.ReadAllText(Required(path, "/load"))) ?? _session.Model;
        _screen.Tell($"{_session.Conversation.TurnCount} questions and answers, with {_session.Model}");
    }

    private static string Required(string path, string command) => path.Length > 0 ? Path.GetFullPath(HomePath.Of(path)) : throw new VerbException($"{command} takes the name of a file.");

    private async Task<bool> ModelAsync(string id)
    {
        string[] ids = await _session.ModelsAsync();
        if (id.Length == 0) foreach (string one in ids) _screen.Tell(one == _session.Model ? $"{one} (in use)" : one);
        else _session.Model = ids.Contains(id) ? id : throw new VerbException($"The server has no model '{id}'; it has {string.Join(", ", ids)}.");
        return true;
    }

    private void Parameters(string text)
    {
        string[] words = text.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        SortedDictionary<string, JsonNode> parameters = _session.Conversation.Parameters;
        if (words.Length == 1) throw new VerbException($"/params {words[0]} needs a value, or none to leave the field out.");
        if (words.Length == 0) _screen.Tell(parameters.Count == 0 ? "None is set: the server's defaults hold." : string.Join('\n', parameters.Select(pair => $"{pair.Key} {pair.Value.ToJsonString()}")));
        else if (words[1] == "none") parameters.Remove(words[0]);
        else parameters[words[0]] = Value(words[1]);
    }

    /// <summary>JSON, or else the text itself.</summary>
    private static JsonNode Value(string text)
    {
        try
        {
            return JsonNode.Parse(text) ?? throw new VerbException("null is no value; give none to leave the field out.");
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
