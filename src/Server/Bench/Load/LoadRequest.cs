namespace Llama.Server.Bench.Load;

/// <summary>One request to send.</summary>
/// <param name="Prompt">A completion's prompt, or a chat's only message.</param>
/// <param name="MaxTokens">Tokens to generate.</param>
internal readonly record struct LoadRequest(string Prompt, int MaxTokens);
