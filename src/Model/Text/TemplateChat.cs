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
internal sealed class TemplateChat(string source, Template template, Tokenizer tokenizer, ChatTemplates checkpoint)
{
    private readonly ToolValues _tools = new(hasShortIds: source.Contains("[TOOL_CALLS]", StringComparison.Ordinal));

    public string Source => source;

    /// <summary>The same with another tokenizer.</summary>
    public TemplateChat With(Tokenizer other) => new(source, template, other, checkpoint);

    public bool TryRender(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools, bool addGenerationPrompt, out int[] tokens, out string? error)
    {
        (tokens, error) = ([], null);
        try
        {
            tokens = tokenizer.Encode(Render(messages, tools, addGenerationPrompt), tokenizer.AddsBos);
            return true;
        }
        catch (TemplateException e)
        {
            error = e.Message;
            return false;
        }
    }

    // Templates tell "no tools" by none, not by an empty list.
    private PromptText Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools, bool addGenerationPrompt) => template.Render(new Dictionary<string, object?>
    {
        ["messages"] = messages.Select(object? (message) => ToValue(message)).ToList(),
        ["add_generation_prompt"] = addGenerationPrompt,
        ["bos_token"] = Special("bos_token", tokenizer.BosId),
        ["eos_token"] = Special("eos_token", tokenizer.EosId),
        ["unk_token"] = Special("unk_token", null),
        ["pad_token"] = Special("pad_token", null),
        ["tools"] = tools.Count == 0 ? null : tools.Select(object? (tool) => ToolValues.Of(tool)).ToList(),
        ["documents"] = null,
    });

    // Templates such as Phi's spell special tokens with the role ('<|' + role + '|>'), so the words of the API are trusted, and only they.
    private Dictionary<string, object?> ToValue(ChatMessage message)
    {
        var value = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["role"] = message.Role is "system" or "user" or "assistant" or "tool" ? PromptText.Trusted(message.Role) : PromptText.Untrusted(message.Role),
            ["content"] = PromptText.Untrusted(message.Content),
        };
        // Absent rather than none: templates ask "is defined" and "in".
        if (message.ToolCalls.Count > 0) value["tool_calls"] = message.ToolCalls.Select(object? (call) => _tools.Of(call)).ToList();
        if (message.ToolCallId is { } id) value["tool_call_id"] = _tools.Id(id);
        if (message.Name is { } name) value["name"] = PromptText.Untrusted(name);
        return value;
    }

    // Like Hugging Face, leaves a token that the checkpoint lacks undefined rather than none.
    private object Special(string name, int? id)
    {
        string? spelling = checkpoint.SpecialToken(name) ?? (id is { } known ? tokenizer.Piece(known) : null);
        return spelling is null ? new Undefined(name) : PromptText.Trusted(spelling);
    }
}
