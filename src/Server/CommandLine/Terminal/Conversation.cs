using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>What was said so far, and how the next answer is asked for.</summary>
internal sealed class Conversation
{
    private const string User = "user", Assistant = "assistant", SystemRole = "system";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<Turn> _turns = [];

    /// <summary>What the model is told before all; null for nothing.</summary>
    public string? SystemPrompt { get; set; }

    /// <summary>Fields of each request, by name.</summary>
    public SortedDictionary<string, JsonNode> Parameters { get; } = [];

    /// <summary>Of questions and answers.</summary>
    public int TurnCount => _turns.Count;

    public void Ask(string question) => _turns.Add(new Turn(User, question));

    public void Answer(string answer) => _turns.Add(new Turn(Assistant, answer));

    public void Clear() => _turns.Clear();

    /// <summary>Takes the last question and its answer back, and gives the question; null when there is none.</summary>
    public string? Undo()
    {
        int last = _turns.FindLastIndex(turn => turn.Role == User);
        if (last < 0) return null;
        string question = _turns[last].Content;
        _turns.RemoveRange(last, _turns.Count - last);
        return question;
    }

    /// <summary>The request for the next answer.</summary>
    public byte[] Request(string model, bool isStreamed)
    {
        JsonObject body = ToJson(model);
        if (isStreamed) (body["stream"], body["stream_options"]) = (true, new JsonObject { ["include_usage"] = true });
        return JsonSerializer.SerializeToUtf8Bytes(body);
    }

    /// <summary>Writes what a request is made of: any client can send the file.</summary>
    public string Save(string model) => ToJson(model).ToJsonString(Readable);

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    /// <returns>The model that was talked with; null when the file does not say.</returns>
    /// <exception cref="VerbException">It is no conversation.</exception>
    public string? Load(string text)
    {
        (JsonObject body, Turn[] turns) = Read(text);
        SystemPrompt = turns is [{ Role: SystemRole } first, ..] ? first.Content : null;
        _turns.Clear();
        _turns.AddRange(SystemPrompt is null ? turns : turns[1..]);
        Parameters.Clear();
        foreach ((string name, JsonNode? value) in body)
            if (value is not null && name is not ("model" or "messages" or "stream" or "stream_options")) Parameters[name] = value.DeepClone();
        return (string?)body["model"];
    }

    private static (JsonObject Body, Turn[] Turns) Read(string text)
    {
        try
        {
            JsonObject body = JsonNode.Parse(text)!.AsObject();
            Turn[] turns = [.. body["messages"]!.AsArray().Select(message => new Turn((string)message!["role"]!, (string)message["content"]!))];
            bool hasModelOrNone = body["model"] is not { } model || model.GetValueKind() == JsonValueKind.String;
            if (hasModelOrNone && Array.TrueForAll(turns, turn => turn is { Role: User or Assistant or SystemRole, Content: not null })) return (body, turns);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            // Told below.
        }
        throw new VerbException("The file is no conversation: it takes a JSON object with \"messages\" of \"role\" and \"content\", and \"model\" in words if at all, as /save writes it.");
    }

    private JsonObject ToJson(string model)
    {
        JsonObject body = new() { ["model"] = model, ["messages"] = new JsonArray([.. Turns().Select(turn => new JsonObject { ["role"] = turn.Role, ["content"] = turn.Content })]) };
        foreach ((string name, JsonNode value) in Parameters) body[name] = value.DeepClone();
        return body;
    }

    private IEnumerable<Turn> Turns() => SystemPrompt is null ? _turns : [new Turn(SystemRole, SystemPrompt), .. _turns];
}
