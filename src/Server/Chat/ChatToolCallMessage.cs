namespace Llama.Server.Chat;

/// <summary>A call of a tool by the assistant.</summary>
/// <param name="Id">What the tool message with the result refers to.</param>
/// <param name="Type"><c>function</c>.</param>
/// <param name="Function">The function and its arguments.</param>
public sealed record ChatToolCallMessage(string Id, string Type, ChatFunctionCall Function);

/// <summary>A function and its arguments.</summary>
/// <param name="Name">The function.</param>
/// <param name="Arguments">Text of a JSON object.</param>
public sealed record ChatFunctionCall(string Name, string Arguments);
