using Llama.Model.Text.Jinja;

namespace Llama.Model.Text;

/// <summary>Turns conversations into prompt tokens, as the checkpoint was trained to read them. Immutable and safe to share between threads.</summary>
public sealed class ChatFormat
{
    // Every shape that Meta's format knows; a template that renders all of them as Meta does is Llama 2's own.
    private static readonly ChatMessage[][] Probes =
    [
        [new("user", " Hi there! ")],
        [new("system", "Be brief."), new("user", "What is a giraffe?")],
        [new("system", "Be brief."), new("user", "Hi"), new("assistant", " Hello. "), new("user", "And a zebra?\n")],
        [new("user", "1"), new("assistant", "2"), new("user", "3"), new("assistant", "4"), new("user", "5")],
    ];

    private static readonly ChatTool ToolProbe = new("get_weather", "Tells the weather.", """{"type":"object","properties":{"city":{"type":"string","description":"A city."}}}""");

    private readonly Llama2Chat _llama2;
    private readonly TemplateChat? _template; // null: Llama 2's own
    private readonly TemplateChat? _toolTemplate; // null: the format has no place for tools

    private ChatFormat(string description, Llama2Chat llama2, TemplateChat? template, TemplateChat? toolTemplate)
    {
        (Description, _llama2, _template) = (description, llama2, template);
        _toolTemplate = toolTemplate ?? (template is not null && ReadsTools(template) ? template : null);
    }

    /// <summary>
    /// Takes the checkpoint's own <c>chat_template</c> (chat_template.jinja, tokenizer_config.json or a GGUF file's metadata), or Llama 2's format as Meta's reference
    /// has it when the checkpoint has none or has Llama 2's own.
    /// </summary>
    /// <param name="checkpoint">A folder in Hugging Face layout or a GGUF file.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="clock">The time for templates that print today's date; the system's if not given.</param>
    /// <exception cref="NotSupportedException">The template uses a construct outside the supported subset; the message names it and its place.</exception>
    /// <exception cref="InvalidDataException">The template or the file that holds it is malformed.</exception>
    public static ChatFormat Load(string checkpoint, Tokenizer tokenizer, TimeProvider? clock = null)
    {
        ChatTemplates templates = ChatTemplates.Of(checkpoint, tokenizer);
        TemplateChat? template = Make(templates.Chat), forTools = Make(templates.Tools);
        var llama2 = new Llama2Chat(tokenizer);
        if (template is null) return new ChatFormat("Llama 2 [INST] (the checkpoint has no chat_template)", llama2, null, forTools);
        Tokenizer likeMetas = tokenizer.PrefixingAll();
        return IsLlama2(template.With(likeMetas), new Llama2Chat(likeMetas))
            ? new ChatFormat("Llama 2 [INST]", llama2, null, forTools)
            : new ChatFormat(templates.Origin, llama2, template, forTools);

        TemplateChat? Make(string? source) => source is null ? null : new TemplateChat(source, Parse(source, clock ?? TimeProvider.System, templates.Remedy), tokenizer, templates);
    }

    /// <summary>How the format was found, for the start-up lines, e.g. <c>Llama 2 [INST]</c> or <c>chat_template of tokenizer_config.json</c>.</summary>
    public string Description { get; }

    /// <summary>Whether the format has a place for tools, their calls and their results; where it has none, the caller tells of them in plain messages.</summary>
    public bool HasTools => _toolTemplate is not null;

    /// <summary>Whether the template for tools spells a text such as <c>&lt;tool_call&gt;</c>, which tells how its model writes calls.</summary>
    public bool SpellsForTools(string text) => _toolTemplate?.Source.Contains(text, StringComparison.Ordinal) == true;

    /// <summary>Renders a conversation without tools; see the other overload.</summary>
    public bool TryRender(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, out int[] tokens, out string? error) =>
        TryRender(messages, [], addGenerationPrompt, out tokens, out error);

    /// <summary>Renders a conversation to tokens, BOS included where the format has it.</summary>
    /// <param name="messages">The conversation, oldest first.</param>
    /// <param name="tools">The tools that the model is told of; none where <see cref="HasTools"/> is false.</param>
    /// <param name="addGenerationPrompt">Whether to end where the assistant's next answer begins.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="error">What the format cannot express (say, an assistant's message at the start, or a template's own raise_exception), in words for the caller.</param>
    public bool TryRender(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools, bool addGenerationPrompt, out int[] tokens, out string? error)
    {
        TemplateChat? template = _toolTemplate is not null && ConcernsTools(messages, tools) ? _toolTemplate : _template;
        return template is null
            ? _llama2.TryRender(messages, addGenerationPrompt, out tokens, out error)
            : template.TryRender(messages, tools, addGenerationPrompt, out tokens, out error);
    }

    /// <summary>Whether a conversation needs a place for tools: they are given, or called in its history.</summary>
    public static bool ConcernsTools(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools) =>
        tools.Count > 0 || messages.Any(message => message.ToolCalls.Count > 0 || message.Role == "tool");

    /// <summary>The tokens of conversations of the usual kinds, with tools and without.</summary>
    internal HashSet<int> SampleTokens() =>
    [
        .. from probe in Probes
           from tools in new ChatTool[][] { [], [ToolProbe] }
           from token in TryRender(probe, tools, true, out int[] tokens, out _) ? tokens : []
           select token,
    ];

    private static Template Parse(string source, TimeProvider clock, string remedy)
    {
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

    // Whatever a template does with tools, it renders otherwise than without; one that does not would keep them from the model.
    private static bool ReadsTools(TemplateChat template) =>
        template.TryRender(Probes[0], [ToolProbe], true, out int[] with, out _)
        && !(template.TryRender(Probes[0], [], true, out int[] without, out _) && with.AsSpan().SequenceEqual(without));

    private static bool IsLlama2(TemplateChat template, Llama2Chat llama2)
    {
        if (!template.Source.Contains("[INST]", StringComparison.Ordinal) || !template.Source.Contains("<<SYS>>", StringComparison.Ordinal)) return false;
        return Array.TrueForAll(Probes, probe =>
            llama2.TryRender(probe, true, out int[] expected, out _) && template.TryRender(probe, [], true, out int[] actual, out _) && actual.AsSpan().SequenceEqual(expected));
    }
}
