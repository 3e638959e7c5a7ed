using System.Globalization;

namespace Llama.Model.Text.Jinja;

/// <summary>The filters behind <c>|</c>.</summary>
internal static class Filters
{
    private static readonly Test Truth = new((value, _) => Values.IsTrue(value), "**");

    private static readonly Filter MapOfAttribute = new(
        (value, arguments) => Values.Iterate(value).Select(Attribute(arguments.RequireText(0, "attribute"), arguments.Get(1, "default"))).ToList(), "attribute", "default");

    private static readonly Dictionary<string, Filter> All = new(StringComparer.Ordinal)
    {
        ["trim"] = OfText("strip", "chars"),
        ["length"] = new((value, _) => Values.Length(value)),
        ["count"] = new((value, _) => Values.Length(value)),
        ["upper"] = OfText("upper"),
        ["lower"] = OfText("lower"),
        ["title"] = new((value, _) => Values.ToText(value).Mapped(PythonText.TitleOfWords)),
        ["capitalize"] = OfText("capitalize"),
        ["replace"] = OfText("replace", "old", "new", "count"),
        ["format"] = new((value, arguments) => TextOperations.Format(Values.ToText(value), arguments.Positional), "*"),
        ["string"] = new((value, _) => Values.ToText(value)),
        ["safe"] = new((value, _) => value),
        ["default"] = new(Default, "default_value", "boolean"),
        ["d"] = new(Default, "default_value", "boolean"),
        ["first"] = new((value, _) => Values.Iterate(value).DefaultIfEmpty(new Undefined("first")).First()),
        ["last"] = new((value, _) => Values.Iterate(value).DefaultIfEmpty(new Undefined("last")).Last()),
        ["join"] = new(Join, "d", "attribute"),
        ["list"] = new((value, _) => Values.Iterate(value).ToList()),
        ["reverse"] = new((value, _) => Operations.Slice(value, null, null, -1L)),
        ["items"] = new((value, _) => Items(value)),
        ["int"] = new(Int, "default"),
        ["map"] = new(Map, "*", "**"),
        ["select"] = new((value, arguments) => Select(value, arguments, 0, item => item, keeps: true), "*", "**"),
        ["reject"] = new((value, arguments) => Select(value, arguments, 0, item => item, keeps: false), "*", "**"),
        ["selectattr"] = new((value, arguments) => Select(value, arguments, 1, Attribute(arguments.RequireText(0, "attribute")), keeps: true), "*", "**"),
        ["rejectattr"] = new((value, arguments) => Select(value, arguments, 1, Attribute(arguments.RequireText(0, "attribute")), keeps: false), "*", "**"),
        ["tojson"] = new((value, arguments) => PromptText.Untrusted(PythonJson.Write(value, JsonStyle.Of(arguments))), "ensure_ascii", "indent", "separators", "sort_keys"),
    };

    public static Filter? Find(string name) => All.GetValueOrDefault(name);

    private static Filter OfText(string method, params string[] parameters) => new((value, arguments) => Methods.Call(Values.ToText(value), method, arguments), parameters);

    private static object? Default(object? value, Arguments arguments)
    {
        bool alsoFalse = Values.IsTrue(arguments.Get(1, "boolean", false));
        return value is Undefined || (alsoFalse && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", PromptText.Empty) : value;
    }

    private static List<object?> Items(object? value) => value switch
    {
        Dictionary<string, object?> map => Methods.Items(map),
        Undefined => [],
        _ => throw new TemplateException($"the chat template takes the items of {Values.TypeName(value)}"),
    };

    private static object? Int(object? value, Arguments arguments)
    {
        if (value is long or WholeNumber) return value;
        if (value is PromptText text && long.TryParse(text.Text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long whole)) return whole;
        bool isNumber = Values.TryNumber(value, out double number)
            || (value is PromptText && double.TryParse(Values.ToText(value).Text, NumberStyles.Float, CultureInfo.InvariantCulture, out number));
        if (!isNumber || !double.IsFinite(number)) return arguments.Get(0, "default", 0L);
        return Math.Abs(number) < long.MaxValue ? (long)number : throw Operations.TooLarge();
    }

    private static object? Join(object? value, Arguments arguments)
    {
        IEnumerable<object?> items = Values.Iterate(value);
        if (arguments.Get(1, "attribute") is not null) items = items.Select(Attribute(arguments.RequireText(1, "attribute")));
        return TextOperations.Join(items, Values.ToText(arguments.Get(0, "d", PromptText.Empty)));
    }

    // map('filter', …) or map(attribute='name'[, default=…]).
    private static object? Map(object? value, Arguments arguments)
    {
        if (arguments.Positional.Count == 0 && arguments.Named.ContainsKey("attribute"))
        {
            MapOfAttribute.Check("map", arguments);
            return MapOfAttribute.Apply(value, arguments);
        }
        string name = arguments.RequireText(0, "filter");
        Filter filter = Find(name) ?? throw new TemplateException($"the chat template uses the filter '{name}', which is not supported");
        Arguments rest = arguments.From(1);
        filter.Check(name, rest);
        return Values.Iterate(value).Select(item => filter.Apply(item, rest)).ToList();
    }

    // select([test, …]) on items, selectattr(name[, test, …]) on their members; without a test the truth of the value counts.
    private static object? Select(object? value, Arguments arguments, int testIndex, Func<object?, object?> of, bool keeps)
    {
        object? name = arguments.Positional.ElementAtOrDefault(testIndex);
        Test test = arguments.Positional.Count > testIndex ? Tests.Named(name) : Truth;
        Arguments rest = arguments.From(testIndex + 1);
        test.Check(Values.ToText(name).Text, rest);
        return Values.Iterate(value).Where(item => test.Holds(of(item), rest) == keeps).ToList();
    }

    // 'function.name' leads from member to member, '0.name' begins at the first item of a list. A default stands wherever there is none.
    private static Func<object?, object?> Attribute(string path, object? missing = null)
    {
        object[] keys = [.. path.Split('.').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : (object)PromptText.Trusted(part))];
        return item => keys.Aggregate(item, (value, key) => Operations.Member(value, key) is var member && member is Undefined && missing is not null ? missing : member);
    }
}
