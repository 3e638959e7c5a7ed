namespace Llama.Model.Text;

/// <summary>Turns conversations into prompt tokens, as the checkpoint was trained to read them. Immutable and safe to share between threads.</summary>
public sealed class ChatFormat
{
    private ChatFormat() { }

    /// <summary>
    /// Takes the checkpoint's own <c>chat_template</c> (tokenizer_config.json or chat_template.jinja), or Llama 2's format as Meta's reference has it when the
    /// folder has none or has Llama 2's own.
    /// </summary>
    /// <exception cref="NotSupportedException">The template uses a construct outside the supported subset; the message names it and its place.</exception>
    public static ChatFormat Load(string folder, Tokenizer tokenizer) => throw new NotImplementedException();

    /// <summary>How the format was found, for the start-up lines, e.g. <c>Llama 2 [INST]</c> or <c>chat_template of tokenizer_config.json</c>.</summary>
    public string Description => throw new NotImplementedException();

    /// <summary>Renders a conversation to tokens, BOS included where the format has it.</summary>
    /// <param name="messages">The conversation, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether to end where the assistant's next answer begins.</param>
    /// <param name="error">What the format cannot express (say, two user messages in a row, or a template's own raise_exception), in words for the caller.</param>
    public bool TryRender(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, out int[] tokens, out string? error) => throw new NotImplementedException();
}
