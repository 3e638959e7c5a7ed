using System.Text;
using Llama.Server.Chat;
using Llama.Server.Generating;

namespace Llama.Server.Responses;

/// <summary>An item of the output while it is made.</summary>
/// <param name="id">Names the item.</param>
internal abstract class OpenItem(string id)
{
    public string Id => id;

    /// <summary>The text or the arguments so far.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>The item as it begins, still empty.</summary>
    public abstract ResponseItem Begun { get; }

    /// <summary>The item with what has been made of it.</summary>
    public abstract ResponseItem Close(string status);
}

/// <summary>A message while it is made.</summary>
internal sealed class OpenMessage() : OpenItem(ResponseIds.OfMessage())
{
    public List<ChatTokenLogprob> Logprobs { get; } = [];

    /// <summary>The text so far as the message's only part.</summary>
    public OutputText Part => new(Text.ToString(), [], [.. Logprobs]);

    public override ResponseItem Begun => new MessageItem(Id, StatusName.InProgress, "assistant", []);

    public override ResponseItem Close(string status) => new MessageItem(Id, status, "assistant", [Part]);
}

/// <summary>A call while it is made.</summary>
internal sealed class OpenCall(string callId, string name) : OpenItem(ResponseIds.OfCall())
{
    public string Name => name;

    public override ResponseItem Begun => new FunctionCallItem(Id, StatusName.InProgress, callId, name, "");

    public override ResponseItem Close(string status) => new FunctionCallItem(Id, status, callId, name, Text.ToString());

    /// <summary>A call that is made already.</summary>
    public static ResponseItem Whole(ToolCall call) => new FunctionCallItem(ResponseIds.OfCall(), StatusName.Completed, call.Id, call.Name, call.Arguments);
}
