namespace Llama.Model.Text;

/// <summary>One message of a conversation, as chat templates see it.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content);
