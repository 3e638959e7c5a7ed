namespace Llama.Server.CommandLine;

/// <summary>A verb cannot do what was asked of it; the message is all that its user is told.</summary>
internal sealed class VerbException(string message) : Exception(message);
