using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.Jinja;

namespace Llama.Model.Text;

/// <summary>
/// A checkpoint's own chat template. What the template itself writes may spell special tokens; what came in a message is marked as untrusted and stays plain text,
/// through every operation of the template.
/// </summary>
/// <remarks>
/// Where the checkpoint wants BOS before plain text it gets it here too, once, whether or not the template writes it: Llama's weights expect it, and templates such as
/// Zephyr's leave it to the tokenizer.
/// </remarks>
internal sealed class TemplateChat(Template template, Tokenizer tokenizer, TokenizerConfig config)
{
    public bool TryRender(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, out int[] tokens, out string? error)
    {
        (tokens, error) = ([], null);
        try
        {
            tokens = tokenizer.Encode(Render(messages, addGenerationPrompt), tokenizer.AddsBos);
            return true;
        }
        catch (TemplateException e)
        {
            error = e.Message;
            return false;
        }
    }

    public PromptText Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => template.Render(new Dictionary<string, object?>
    {
        ["messages"] = messages.Select(object? (message) => ToValue(message)).ToList(),
        ["add_generation_prompt"] = addGenerationPrompt,
        ["bos_token"] = Special("bos_token", tokenizer.BosId),
        ["eos_token"] = Special("eos_token", tokenizer.EosId),
        ["unk_token"] = Special("unk_token", null),
        ["pad_token"] = Special("pad_token", null),
        ["tools"] = null,
        ["documents"] = null,
    });

    private static Dictionary<string, object?> ToValue(ChatMessage message) => new(StringComparer.Ordinal)
    {
        ["role"] = PromptText.Untrusted(message.Role),
        ["content"] = PromptText.Untrusted(message.Content),
    };

    // Like Hugging Face, leaves a token that the checkpoint lacks undefined rather than none.
    private object Special(string name, int? id)
    {
        string? spelling = config.SpecialToken(name) ?? (id is { } known ? tokenizer.Piece(known) : null);
        return spelling is null ? new Undefined(name) : PromptText.Trusted(spelling);
    }
}
