namespace Llama.Model.Text.Jinja;

/// <summary>How tojson writes: the arguments that Hugging Face's takes, in its order.</summary>
internal sealed record JsonStyle(bool EscapesNonAscii, long? Indent, string Between, string BehindName, bool SortsNames)
{
    public static JsonStyle Of(Arguments arguments)
    {
        var indent = arguments.Get(1, "indent") as long?;
        List<object?>? separators = arguments.Get(2, "separators") as List<object?>;
        if (separators is not (null or [PromptText, PromptText])) throw new TemplateException("the chat template gives tojson 'separators' that are not two strings");
        return new JsonStyle(
            Values.IsTrue(arguments.Get(0, "ensure_ascii")),
            indent is { } width ? Math.Max(width, 0) : null, // as in Python, less than none is none
            separators is null ? (indent is null ? ", " : ",") : Values.ToText(separators[0]).Text,
            separators is null ? ": " : Values.ToText(separators[1]).Text,
            Values.IsTrue(arguments.Get(3, "sort_keys")));
    }
}
