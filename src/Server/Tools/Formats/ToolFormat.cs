using Llama.Model.Guidance;
using Llama.Model.Text;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>How a model writes tool calls: what reads them, the grammar that forces them, and how they are told of where the chat format has no place for tools.</summary>
internal abstract class ToolFormat
{
    private static readonly ToolFormat[] All = [new HermesFormat(), new MistralFormat(), new PythonicFormat(), new Llama3JsonFormat()];

    /// <summary>The name that <c>Model:ToolFormat</c> gives it.</summary>
    public abstract string Name { get; }

    /// <summary>The text that begins calls; a control token in some vocabularies. Empty where nothing does.</summary>
    public abstract string Marker { get; }

    /// <summary>What an answer begins with whose first call has no <see cref="Marker"/>; null where each call has one.</summary>
    public abstract char? FirstBare { get; }

    /// <summary>Whether models that write this format begin their calls with the <see cref="Marker"/>, even where calls without it are understood.</summary>
    public virtual bool NeedsMarker => FirstBare is null;

    /// <summary>A text that only chat templates of this format spell.</summary>
    protected abstract string Sign { get; }

    /// <summary>The format of this name, or for <c>auto</c> the one that the chat template spells; Hermes's tags where nothing tells, since they can stand in the midst of text.</summary>
    public static ToolFormat Of(string name, ChatFormat chat) =>
        Array.Find(All, format => name == "auto" ? chat.SpellsForTools(format.Sign) : format.Name == name) ?? All[0];

    /// <summary>Makes what reads one answer.</summary>
    public abstract ToolCallReader CreateReader(CallRules rules);

    /// <summary>The texts that are calls of these tools: exactly one call, or one and more where they are parallel. The reader reads them all.</summary>
    public abstract Grammar Calls(IReadOnlyList<CallGrammar> tools, bool areParallel);

    /// <summary>
    /// Text that may hold calls, all of them of these tools. Where a call may begin without a marker, an answer that begins like one is one; where it may not, text may
    /// stand before and behind calls.
    /// </summary>
    public Grammar FreeCalls(IReadOnlyList<CallGrammar> tools, bool areParallel)
    {
        Grammar text = Grammar.Without(Marker, FirstBare);
        return FirstBare is not null
            ? Grammar.AnyOf(Grammar.Concat(Grammar.Regex(@"\s{0,8}"), Calls(tools, areParallel)), text)
            : Grammar.Concat(text, Grammar.Repeat(Grammar.Concat(Calls(tools, areParallel: false), text), 0, areParallel ? null : 1));
    }

    /// <summary>Calls as text.</summary>
    public abstract string Write(IReadOnlyList<ChatToolCall> calls);

    /// <summary>One call, or several with a text between.</summary>
    protected static Grammar OneOrMore(Grammar call, string separator, bool areParallel) =>
        areParallel ? Grammar.Concat(call, Grammar.Repeat(Grammar.Concat(Grammar.Text(separator), call), 0, null)) : call;

    public override string ToString() => Name;
}
