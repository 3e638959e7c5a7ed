namespace Llama.Server.CommandLine.Terminal;

/// <summary>What was said, and by whom.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">The text.</param>
internal sealed record Turn(string Role, string Content);
