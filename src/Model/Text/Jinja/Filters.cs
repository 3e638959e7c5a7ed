namespace Llama.Model.Text.Jinja;

internal delegate object? Filter(object? value, Arguments arguments);

/// <summary>The filters behind <c>|</c>.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> All = new(StringComparer.Ordinal)
    {
        ["trim"] = (value, arguments) => Methods.Call(Values.ToText(value), "strip", arguments),
        ["length"] = (value, _) => Values.Length(value),
        ["count"] = (value, _) => Values.Length(value),
        ["upper"] = OfText("upper"),
        ["lower"] = OfText("lower"),
        ["title"] = OfText("title"),
        ["capitalize"] = OfText("capitalize"),
        ["replace"] = OfText("replace"),
        ["format"] = (value, arguments) => TextOperations.Format(Values.ToText(value), arguments.Positional),
        ["string"] = (value, _) => Values.ToText(value),
        ["safe"] = (value, _) => value,
        ["default"] = Default,
        ["d"] = Default,
        ["first"] = (value, _) => Values.Iterate(value).DefaultIfEmpty(new Undefined("first")).First(),
        ["last"] = (value, _) => Values.Iterate(value).DefaultIfEmpty(new Undefined("last")).Last(),
        ["join"] = Join,
        ["list"] = (value, _) => Values.Iterate(value).ToList(),
        ["reverse"] = (value, _) => Operations.Slice(value, null, null, -1L),
        ["items"] = (value, _) => value is Dictionary<string, object?> map ? Methods.Items(map) : [.. Values.Iterate(value)],
        ["int"] = (value, _) => Values.TryNumber(value, out double number) ? (long)number : long.TryParse(Values.ToText(value).Text, out long parsed) ? parsed : 0L,
        ["map"] = Map,
        ["select"] = (value, arguments) => Select(value, arguments, 0, item => item, keeps: true),
        ["reject"] = (value, arguments) => Select(value, arguments, 0, item => item, keeps: false),
        ["selectattr"] = (value, arguments) => Select(value, arguments, 1, Attribute(arguments), keeps: true),
        ["rejectattr"] = (value, arguments) => Select(value, arguments, 1, Attribute(arguments), keeps: false),
        ["tojson"] = (value, arguments) => PromptText.Untrusted(PythonJson.Write(value, arguments.Get(0, "indent") as long?)),
    };

    public static Filter? Find(string name) => All.GetValueOrDefault(name);

    private static Filter OfText(string method) => (value, arguments) => Methods.Call(Values.ToText(value), method, arguments);

    private static object? Default(object? value, Arguments arguments)
    {
        bool alsoFalse = Values.IsTrue(arguments.Get(1, "boolean", false));
        return value is Undefined || (alsoFalse && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", PromptText.Empty) : value;
    }

    private static object? Join(object? value, Arguments arguments)
    {
        IEnumerable<object?> items = Values.Iterate(value);
        if (arguments.Has(1, "attribute")) items = items.Select(item => AttributeOf(item, arguments.RequireText(1, "attribute")));
        return TextOperations.Join(items, Values.ToText(arguments.Get(0, "d", PromptText.Empty)));
    }

    // map('filter', …) or map(attribute='name').
    private static object? Map(object? value, Arguments arguments)
    {
        if (arguments.Named.ContainsKey("attribute"))
            return Values.Iterate(value).Select(item => AttributeOf(item, arguments.RequireText(int.MaxValue, "attribute"))).ToList();
        string name = arguments.RequireText(0, "filter");
        Filter filter = Find(name) ?? throw new TemplateException($"the chat template uses the filter '{name}', which is not supported");
        return Values.Iterate(value).Select(item => filter(item, Rest(arguments, 1))).ToList();
    }

    // select([test, …]) on items, selectattr(name[, test, …]) on their members; without a test the truth of the value counts.
    private static object? Select(object? value, Arguments arguments, int testIndex, Func<object?, object?> of, bool keeps)
    {
        Test test = arguments.Positional.Count > testIndex ? Tests.Named(arguments.Positional[testIndex]) : (item, _) => Values.IsTrue(item);
        return Values.Iterate(value).Where(item => test(of(item), Rest(arguments, testIndex + 1)) == keeps).ToList();
    }

    private static Func<object?, object?> Attribute(Arguments arguments)
    {
        string name = arguments.RequireText(0, "attribute");
        return item => AttributeOf(item, name);
    }

    private static object? AttributeOf(object? item, string name) =>
        item is Dictionary<string, object?> map && map.TryGetValue(name, out object? value) ? value : new Undefined(name);

    private static Arguments Rest(Arguments arguments, int from) => new([.. arguments.Positional.Skip(from)], Arguments.None.Named);
}
