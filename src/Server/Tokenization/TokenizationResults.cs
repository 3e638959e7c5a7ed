namespace Llama.Server.Tokenization;

/// <summary>The answer of <c>/tokenize</c>.</summary>
/// <param name="Count">Number of tokens.</param>
/// <param name="MaxModelLen">Most tokens of prompt and answer together.</param>
/// <param name="Tokens">The token ids.</param>
/// <param name="TokenStrs">The vocabulary's spelling of each, when asked for.</param>
public sealed record TokenizeResult(int Count, int MaxModelLen, int[] Tokens, string[]? TokenStrs);

/// <summary>The answer of <c>/detokenize</c>.</summary>
/// <param name="Prompt">The text.</param>
public sealed record DetokenizeResult(string Prompt);
