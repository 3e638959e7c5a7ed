namespace Llama.Model.Text.Jinja;

/// <summary>The methods of strings and mappings that templates call.</summary>
internal static class Methods
{
    private static readonly Dictionary<string, Method<PromptText>> OfText = new(StringComparer.Ordinal)
    {
        ["strip"] = new((text, arguments) => TextOperations.Strip(text, arguments.GetText(0, "chars")?.Text, atStart: true, atEnd: true), "chars"),
        ["lstrip"] = new((text, arguments) => TextOperations.Strip(text, arguments.GetText(0, "chars")?.Text, atStart: true, atEnd: false), "chars"),
        ["rstrip"] = new((text, arguments) => TextOperations.Strip(text, arguments.GetText(0, "chars")?.Text, atStart: false, atEnd: true), "chars"),
        ["split"] = new((text, arguments) => TextOperations.Split(text, arguments.GetText(0, "sep"), arguments.GetInteger(1, "maxsplit", -1)), "sep", "maxsplit"),
        ["startswith"] = new((text, arguments) => Any(arguments, prefix => text.Text.StartsWith(prefix, StringComparison.Ordinal)), "prefix"),
        ["endswith"] = new((text, arguments) => Any(arguments, suffix => text.Text.EndsWith(suffix, StringComparison.Ordinal)), "prefix"),
        ["upper"] = new((text, _) => text.Mapped(s => s.ToUpperInvariant())),
        ["lower"] = new((text, _) => text.Mapped(s => s.ToLowerInvariant())),
        ["title"] = new((text, _) => text.Mapped(PythonText.Title)),
        ["capitalize"] = new((text, _) => text.Mapped(PythonText.Capitalize)),
        ["replace"] = new(TextOperations.Replace, "old", "new", "count"),
        ["join"] = new((text, arguments) => TextOperations.Join(Values.Iterate(arguments.Require(0, "iterable")), text), "iterable"),
        ["find"] = new(TextOperations.Find, "sub"),
    };

    private static readonly Dictionary<string, Method<Dictionary<string, object?>>> OfMapping = new(StringComparer.Ordinal)
    {
        ["items"] = new((map, _) => Items(map)),
        ["keys"] = new((map, _) => Values.Iterate(map).ToList()),
        ["values"] = new((map, _) => map.Values.ToList()),
        ["get"] = new((map, arguments) => map.TryGetValue(arguments.RequireText(0, "key"), out object? value) ? value : arguments.Get(1, "default"), "key", "default"),
    };

    public static Operation? Find(string name) => OfText.GetValueOrDefault(name) ?? (Operation?)OfMapping.GetValueOrDefault(name);

    public static object? Call(object? target, string name, Arguments arguments) => target switch
    {
        PromptText text when OfText.TryGetValue(name, out var method) => method.Call(text, arguments),
        Dictionary<string, object?> map when OfMapping.TryGetValue(name, out var method) => method.Call(map, arguments),
        Undefined undefined => throw undefined.Fault(),
        _ => throw new TemplateException($"the chat template calls .{name}() of {Values.TypeName(target)}"),
    };

    /// <summary>A mapping as a list of pairs.</summary>
    public static List<object?> Items(Dictionary<string, object?> map) =>
        [.. map.Select(object? (entry) => new List<object?> { PromptText.Untrusted(entry.Key), entry.Value })];

    private static object Any(Arguments arguments, Predicate<string> matches) => arguments.Require(0, "prefix") switch
    {
        PromptText one => matches(one.Text),
        List<object?> several => several.Exists(one => one is PromptText text && matches(text.Text)),
        var other => throw new TemplateException($"the chat template compares the ends of a string with {Values.TypeName(other)}"),
    };
}
