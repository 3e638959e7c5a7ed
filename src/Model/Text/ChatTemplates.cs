using Llama.Model.Text.Gguf;
using Llama.Model.Text.HuggingFace;

namespace Llama.Model.Text;

/// <summary>What a checkpoint says about conversations, wherever it says so.</summary>
/// <param name="Chat">The template; null where it has none.</param>
/// <param name="Tools">The template for conversations with tools, where there is one of its own.</param>
/// <param name="Origin">Where the template was found, for people.</param>
/// <param name="Remedy">What to do about a template that cannot be used.</param>
/// <param name="SpecialToken">The spelling of <c>bos_token</c> and the like; null where the checkpoint does not say.</param>
internal sealed record ChatTemplates(string? Chat, string? Tools, string Origin, string Remedy, Func<string, string?> SpecialToken)
{
    private const string TemplateName = "chat_template.jinja", ToolTemplateName = "additional_chat_templates/tool_use.jinja";

    public static ChatTemplates Of(string checkpoint, Tokenizer tokenizer) =>
        GgufText.Open(checkpoint) is { } gguf ? OfGguf(gguf, tokenizer) : OfFolder(checkpoint);

    private static ChatTemplates OfFolder(string folder)
    {
        TokenizerConfig config = TokenizerConfig.Read(folder);
        string? file = ReadFile(folder, TemplateName), toolFile = ReadFile(folder, ToolTemplateName);
        return new ChatTemplates(file ?? config.ChatTemplate, toolFile ?? (file is null ? config.ToolTemplate : null), file is not null ? TemplateName : "chat_template of tokenizer_config.json",
            $" A {TemplateName} in {folder} takes the place of the one in tokenizer_config.json.", config.SpecialToken);
    }

    private static ChatTemplates OfGguf(GgufText gguf, Tokenizer tokenizer)
    {
        using (gguf)
        {
            (string? chat, string? tools) = (gguf.ChatTemplate, gguf.ToolTemplate);
            Dictionary<string, string> specials = gguf.SpecialTokens(tokenizer);
            gguf.ThrowOnFaults();
            return new ChatTemplates(chat, tools, GgufText.ChatTemplateKey, $" It is {GgufText.ChatTemplateKey} of {gguf.Path}.", specials.GetValueOrDefault);
        }
    }

    private static string? ReadFile(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}
