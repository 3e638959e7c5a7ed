namespace Llama.Server.Admin;

/// <summary>The requests under way.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">Oldest first.</param>
public sealed record RequestList(string Object, IReadOnlyList<RequestView> Data);

/// <summary>A request under way: counts and times, never text.</summary>
/// <param name="Id">Its <c>x-request-id</c>, by which it can be aborted.</param>
/// <param name="Key">Name of its key; <c>-</c> without one.</param>
/// <param name="Route">What was asked.</param>
/// <param name="Model">What answers.</param>
/// <param name="State"><c>waiting</c> for room, or <c>running</c>.</param>
/// <param name="PromptTokens">Tokens of its prompts.</param>
/// <param name="CompletionTokens">Tokens of its answers so far.</param>
/// <param name="AgeSeconds">Since when it is under way.</param>
public sealed record RequestView(string Id, string Key, string Route, string Model, string State, int PromptTokens, int CompletionTokens, double AgeSeconds);
