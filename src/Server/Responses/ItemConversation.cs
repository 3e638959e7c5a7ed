using Llama.Model.Text;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>Turns items into the messages that a chat format renders. A call and its result are told by <c>call_id</c>; each must have the other.</summary>
internal sealed class ItemConversation
{
    private readonly List<string> _head = []; // system messages that nothing precedes
    private readonly List<ChatMessage> _messages = [];
    private readonly Dictionary<string, ChatToolCall> _open = [];
    private readonly Dictionary<string, ChatToolCall> _answered = [];
    private readonly HashSet<string> _cutOff = [];
    private List<ChatToolCall>? _calls; // of the last message, if it makes any

    /// <summary>Gives the messages, or what is wrong with the items.</summary>
    public static ApiError? Convert(IReadOnlyList<ResponseItem> items, string? instructions, out IReadOnlyList<ChatMessage> messages)
    {
        var conversation = new ItemConversation();
        messages = conversation._messages;
        if (instructions is not null)
            conversation.Say("system", instructions);
        foreach (ResponseItem item in items)
        {
            if (conversation.Take(item) is { } error)
                return error;
        }
        conversation.EndHead();
        return conversation._open.Keys.FirstOrDefault() is { } unanswered
            ? ApiError.InvalidValue("input", $"No tool output found for function call {unanswered}. Send a function_call_output with that call_id.")
            : null;
    }

    private ApiError? Take(ResponseItem item)
    {
        switch (item)
        {
            case MessageItem message:
                Say(message.Role == "developer" ? "system" : message.Role, message.Text);
                return null;
            case FunctionCallItem { IsIncomplete: false } call:
                return Call(new ChatToolCall(call.CallId, call.Name, call.Arguments));
            case FunctionCallOutputItem output:
                return Answer(output);
            case FunctionCallItem half: // it calls nothing
                _cutOff.Add(half.CallId);
                return null;
            default:
                return null;
        }
    }

    /// <summary>System messages at the start become one: the instructions, and what the input begins with.</summary>
    private void Say(string role, string text)
    {
        if (role == "system" && _messages.Count == 0)
            _head.Add(text);
        else
            Add(new ChatMessage(role, text));
    }

    private void Add(ChatMessage message)
    {
        EndHead();
        _messages.Add(message);
        _calls = null;
    }

    private void EndHead()
    {
        if (_head.Count > 0)
            _messages.Add(new ChatMessage("system", string.Join("\n\n", _head)));
        _head.Clear();
    }

    /// <summary>Calls belong to the assistant's message that they follow.</summary>
    private ApiError? Call(ChatToolCall call)
    {
        if (_answered.ContainsKey(call.Id) || !_open.TryAdd(call.Id, call))
            return ApiError.InvalidValue("input", $"There are two function calls with the call_id {call.Id}.");
        if (_messages is not [.., { Role: "assistant" }])
            Add(new ChatMessage("assistant", ""));
        if (_calls is null)
            _messages[^1] = _messages[^1] with { ToolCalls = _calls = [] };
        _calls.Add(call);
        return null;
    }

    private ApiError? Answer(FunctionCallOutputItem output)
    {
        if (!_open.Remove(output.CallId, out ChatToolCall? call))
            return ApiError.InvalidValue("input", WhyUnasked(output.CallId));
        _answered.Add(call.Id, call);
        Add(new ChatMessage("tool", output.Output) { ToolCallId = call.Id, Name = call.Name });
        return null;
    }

    private string WhyUnasked(string callId)
    {
        if (_answered.ContainsKey(callId))
            return $"There are two tool outputs for function call {callId}.";
        return _cutOff.Contains(callId)
            ? $"The function call {callId} was cut off and calls nothing: take its output out, or ask again with a larger max_output_tokens."
            : $"No tool call found for function call output with call_id {callId}.";
    }
}
