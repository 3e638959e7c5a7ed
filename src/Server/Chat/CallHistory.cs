using Llama.Model.Text;
using Llama.Server.Parsing;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>Follows a conversation's calls of tools: every call is answered once, right behind the message that makes it.</summary>
internal sealed class CallHistory
{
    private readonly Dictionary<string, string> _open = []; // by id, the tools called and not yet answered
    private string _path = "";

    /// <summary>Checks the next message; a tool message gets the name of its tool where it does not say it.</summary>
    public ChatMessage Follow(FieldReader reader, ChatMessage message)
    {
        if (message.Role == "tool")
            return Answer(reader, message);
        CheckAnswered(reader.Errors);
        _path = reader.Path + ".tool_calls";
        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            if (!_open.TryAdd(message.ToolCalls[i].Id, message.ToolCalls[i].Name))
                reader.Errors.Add(Invalid($"{_path}[{i}].id", $"two calls have the id '{message.ToolCalls[i].Id}'"));
        }
        return message;
    }

    /// <summary>Checks that no call is left open, as the conversation goes on or ends.</summary>
    public void CheckAnswered(ReadErrors errors)
    {
        if (_open.Count > 0)
            errors.Add(Invalid(_path, $"each call must be answered by a tool message behind it, before any other; '{string.Join("', '", _open.Keys)}' had no answer"));
        _open.Clear();
    }

    private ChatMessage Answer(FieldReader reader, ChatMessage message)
    {
        string id = message.ToolCallId ?? "";
        if (_open.Remove(id, out string? tool))
            return message with { Name = message.Name ?? tool };
        reader.Errors.Add(Invalid(reader.Path + ".tool_call_id", $"the assistant's message before it has no open call with the id '{id}'"));
        return message;
    }

    private static ApiError Invalid(string path, string why) => ApiError.InvalidValue(path, $"Invalid value for '{path}': {why}.");
}
