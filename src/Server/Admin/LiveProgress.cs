namespace Llama.Server.Admin;

/// <summary>How far a request is.</summary>
/// <param name="IsWaiting">Whether all of it waits for room.</param>
/// <param name="PromptTokens">Tokens of its prompts.</param>
/// <param name="CompletionTokens">Tokens of its answers so far.</param>
internal readonly record struct LiveProgress(bool IsWaiting, int PromptTokens, int CompletionTokens);
