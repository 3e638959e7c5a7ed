namespace Llama.Soak;

/// <summary>The server answered what it must not.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);
