namespace Llama.Model.Text.Jinja;

/// <summary>How tojson writes: the arguments that Hugging Face's takes, in its order.</summary>
/// <param name="EscapesNonAscii">Whether characters beyond ASCII are written as escapes.</param>
/// <param name="Indent">What stands before each line once for each level; null where all is on one line.</param>
/// <param name="Between">What stands between items.</param>
/// <param name="BehindName">What stands behind a name.</param>
/// <param name="SortsNames">Whether names are in alphabetical order.</param>
internal sealed record JsonStyle(bool EscapesNonAscii, string? Indent, string Between, string BehindName, bool SortsNames)
{
    private const int WidestIndent = 100;

    public static JsonStyle Of(Arguments arguments)
    {
        string? indent = IndentOf(arguments.Get(1, "indent"));
        List<object?>? separators = arguments.Get(2, "separators") as List<object?>;
        if (separators is not (null or [PromptText, PromptText])) throw new TemplateException("the chat template gives tojson 'separators' that are not two strings");
        return new JsonStyle(
            Values.IsTrue(arguments.Get(0, "ensure_ascii")),
            indent,
            separators is null ? (indent is null ? ", " : ",") : Values.ToText(separators[0]).Text,
            separators is null ? ": " : Values.ToText(separators[1]).Text,
            Values.IsTrue(arguments.Get(3, "sort_keys")));
    }

    // As in Python, less than none is none.
    private static string? IndentOf(object? indent) => indent switch
    {
        null => null,
        PromptText text => text.Text,
        long and <= WidestIndent => new string(' ', (int)Math.Max((long)indent, 0)),
        _ => throw new TemplateException($"the chat template gives tojson an 'indent' that is neither a string nor a number up to {WidestIndent}"),
    };
}
