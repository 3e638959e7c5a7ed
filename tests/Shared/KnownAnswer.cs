namespace Llama.Tests.Shared;

/// <summary>A conversation whose next answer is known.</summary>
/// <param name="Tokens">All of it, but for the answer's last token, which nothing follows.</param>
/// <param name="Answer">The answer with its end token: the i-th is to follow the i-th of the last as many of <paramref name="Tokens"/>.</param>
public sealed record KnownAnswer(IReadOnlyList<int> Tokens, IReadOnlyList<int> Answer);
