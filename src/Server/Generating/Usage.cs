namespace Llama.Server.Generating;

/// <summary>Token counts of one request.</summary>
/// <param name="PromptTokens">Tokens of the prompt, BOS and chat format included.</param>
/// <param name="CompletionTokens">Tokens drawn for all answers, the one that ended each included.</param>
/// <param name="TotalTokens">Both together.</param>
/// <param name="PromptTokensDetails">Where the prompt's tokens came from.</param>
public sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

/// <summary>Where a prompt's tokens came from.</summary>
/// <param name="CachedTokens">Tokens that needed no computing: an earlier request began alike.</param>
public sealed record PromptTokensDetails(int CachedTokens);
