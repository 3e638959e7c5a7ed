using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.Jinja;

namespace Llama.Model.Text;

/// <summary>Turns conversations into prompt tokens, as the checkpoint was trained to read them. Immutable and safe to share between threads.</summary>
public sealed class ChatFormat
{
    private const string TemplateName = "chat_template.jinja";

    // Every shape that Meta's format knows; a template that renders all of them as Meta does is Llama 2's own.
    private static readonly ChatMessage[][] Probes =
    [
        [new("user", " Hi there! ")],
        [new("system", "Be brief."), new("user", "What is a giraffe?")],
        [new("system", "Be brief."), new("user", "Hi"), new("assistant", " Hello. "), new("user", "And a zebra?\n")],
        [new("user", "1"), new("assistant", "2"), new("user", "3"), new("assistant", "4"), new("user", "5")],
    ];

    private readonly Llama2Chat? _llama2;
    private readonly TemplateChat? _template;

    private ChatFormat(string description, Llama2Chat? llama2, TemplateChat? template) => (Description, _llama2, _template) = (description, llama2, template);

    /// <summary>
    /// Takes the checkpoint's own <c>chat_template</c> (chat_template.jinja or tokenizer_config.json), or Llama 2's format as Meta's reference has it when the
    /// folder has none or has Llama 2's own.
    /// </summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="clock">The time for templates that print today's date; the system's if not given.</param>
    /// <exception cref="NotSupportedException">The template uses a construct outside the supported subset; the message names it and its place.</exception>
    /// <exception cref="InvalidDataException">The template or the file that holds it is malformed.</exception>
    public static ChatFormat Load(string folder, Tokenizer tokenizer, TimeProvider? clock = null)
    {
        TokenizerConfig config = TokenizerConfig.Read(folder);
        string path = Path.Combine(folder, TemplateName);
        string? source = File.Exists(path) ? File.ReadAllText(path) : config.ChatTemplate;
        var llama2 = new Llama2Chat(tokenizer);
        if (source is null) return new ChatFormat("Llama 2 [INST] (the checkpoint has no chat_template)", llama2, null);
        var template = new TemplateChat(Parse(source, clock ?? TimeProvider.System, folder), tokenizer, config);
        return IsLlama2(source, template, llama2)
            ? new ChatFormat("Llama 2 [INST]", llama2, null)
            : new ChatFormat(File.Exists(path) ? TemplateName : "chat_template of tokenizer_config.json", null, template);
    }

    /// <summary>How the format was found, for the start-up lines, e.g. <c>Llama 2 [INST]</c> or <c>chat_template of tokenizer_config.json</c>.</summary>
    public string Description { get; }

    /// <summary>Renders a conversation to tokens, BOS included where the format has it.</summary>
    /// <param name="messages">The conversation, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether to end where the assistant's next answer begins.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="error">What the format cannot express (say, an assistant's message at the start, or a template's own raise_exception), in words for the caller.</param>
    public bool TryRender(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, out int[] tokens, out string? error) =>
        _template is null ? _llama2!.TryRender(messages, addGenerationPrompt, out tokens, out error) : _template.TryRender(messages, addGenerationPrompt, out tokens, out error);

    private static Template Parse(string source, TimeProvider clock, string folder)
    {
        string remedy = $" A {TemplateName} in {folder} takes the place of the one in tokenizer_config.json.";
        try
        {
            return Template.Parse(source, clock);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException(e.Message + remedy, e);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(e.Message + remedy, e);
        }
    }

    private static bool IsLlama2(string source, TemplateChat template, Llama2Chat llama2)
    {
        if (!source.Contains("[INST]", StringComparison.Ordinal) || !source.Contains("<<SYS>>", StringComparison.Ordinal)) return false;
        return Array.TrueForAll(Probes, probe =>
            llama2.TryRender(probe, true, out int[] expected, out _) && template.TryRender(probe, true, out int[] actual, out _) && actual.AsSpan().SequenceEqual(expected));
    }
}
