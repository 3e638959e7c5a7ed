namespace Llama.Server.Generating;

/// <summary>One prompt as the caller gave it: text or tokens.</summary>
/// <param name="Text">The text; null when it came as tokens.</param>
/// <param name="Tokens">The tokens; null when it came as text.</param>
/// <param name="Param">Its path.</param>
internal sealed record RawPrompt(string? Text, int[]? Tokens, string Param);
