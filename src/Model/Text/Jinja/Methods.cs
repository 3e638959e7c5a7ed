namespace Llama.Model.Text.Jinja;

/// <summary>The methods of strings and mappings that templates call.</summary>
internal static class Methods
{
    private static readonly Dictionary<string, Func<PromptText, Arguments, object?>> OfText = new(StringComparer.Ordinal)
    {
        ["strip"] = (text, arguments) => TextOperations.Strip(text, Characters(arguments), atStart: true, atEnd: true),
        ["lstrip"] = (text, arguments) => TextOperations.Strip(text, Characters(arguments), atStart: true, atEnd: false),
        ["rstrip"] = (text, arguments) => TextOperations.Strip(text, Characters(arguments), atStart: false, atEnd: true),
        ["split"] = (text, arguments) => TextOperations.Split(text, arguments.Get(0, "sep") as PromptText, arguments.Get(1, "maxsplit") as long? ?? -1),
        ["startswith"] = (text, arguments) => Any(arguments, prefix => text.Text.StartsWith(prefix, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments) => Any(arguments, suffix => text.Text.EndsWith(suffix, StringComparison.Ordinal)),
        ["upper"] = (text, _) => text.Mapped(s => s.ToUpperInvariant()),
        ["lower"] = (text, _) => text.Mapped(s => s.ToLowerInvariant()),
        ["title"] = (text, _) => text.Mapped(PythonText.Title),
        ["capitalize"] = (text, _) => text.Mapped(PythonText.Capitalize),
        ["replace"] = TextOperations.Replace,
        ["join"] = (text, arguments) => TextOperations.Join(Values.Iterate(arguments.Require(0, "iterable")), text),
        ["find"] = TextOperations.Find,
    };

    private static readonly Dictionary<string, Func<Dictionary<string, object?>, Arguments, object?>> OfMapping = new(StringComparer.Ordinal)
    {
        ["items"] = (map, _) => Items(map),
        ["keys"] = (map, _) => Values.Iterate(map).ToList(),
        ["values"] = (map, _) => map.Values.ToList(),
        ["get"] = (map, arguments) => map.TryGetValue(arguments.RequireText(0, "key"), out object? value) ? value : arguments.Get(1, "default"),
    };

    public static bool Exists(string name) => OfText.ContainsKey(name) || OfMapping.ContainsKey(name);

    public static object? Call(object? target, string name, Arguments arguments) => target switch
    {
        PromptText text when OfText.TryGetValue(name, out var method) => method(text, arguments),
        Dictionary<string, object?> map when OfMapping.TryGetValue(name, out var method) => method(map, arguments),
        Undefined undefined => throw undefined.Fault(),
        _ => throw new TemplateException($"the chat template calls .{name}() of {Values.TypeName(target)}"),
    };

    /// <summary>A mapping as a list of pairs.</summary>
    public static List<object?> Items(Dictionary<string, object?> map) =>
        [.. map.Select(object? (entry) => new List<object?> { PromptText.Untrusted(entry.Key), entry.Value })];

    private static string? Characters(Arguments arguments) => arguments.Get(0, "chars") is PromptText characters ? characters.Text : null;

    private static object Any(Arguments arguments, Predicate<string> matches) => arguments.Require(0, "prefix") switch
    {
        PromptText one => matches(one.Text),
        List<object?> several => several.Exists(one => one is PromptText text && matches(text.Text)),
        var other => throw new TemplateException($"the chat template compares the ends of a string with {Values.TypeName(other)}"),
    };
}
