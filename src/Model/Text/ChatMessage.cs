namespace Llama.Model.Text;

/// <summary>One message of a conversation, as chat templates see it.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">Its text; empty where an assistant's message only calls tools.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The tools that an assistant's message calls.</summary>
    public IReadOnlyList<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a <c>tool</c> message answers; null in all others.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The tool that a <c>tool</c> message comes from, or who speaks in another; null where it is not said.</summary>
    public string? Name { get; init; }
}

/// <summary>A tool call in a conversation's history.</summary>
/// <param name="Id">What its result refers to.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">Text of a JSON object.</param>
public sealed record ChatToolCall(string Id, string Name, string Arguments);

/// <summary>A tool as chat templates see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does; null when not said.</param>
/// <param name="Parameters">JSON schema of its arguments, as text; null for none.</param>
public sealed record ChatTool(string Name, string? Description, string? Parameters);
