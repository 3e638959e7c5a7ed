using System.Globalization;

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
        ["title"] = (value, _) => Values.ToText(value).Mapped(PythonText.TitleOfWords),
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
        ["int"] = Int,
        ["map"] = Map,
        ["select"] = (value, arguments) => Select(value, arguments, 0, item => item, keeps: true),
        ["reject"] = (value, arguments) => Select(value, arguments, 0, item => item, keeps: false),
        ["selectattr"] = (value, arguments) => Select(value, arguments, 1, Attribute(arguments.RequireText(0, "attribute")), keeps: true),
        ["rejectattr"] = (value, arguments) => Select(value, arguments, 1, Attribute(arguments.RequireText(0, "attribute")), keeps: false),
        ["tojson"] = (value, arguments) => PromptText.Untrusted(PythonJson.Write(value, JsonStyle.Of(arguments))),
    };

    public static Filter? Find(string name) => All.GetValueOrDefault(name);

    private static Filter OfText(string method) => (value, arguments) => Methods.Call(Values.ToText(value), method, arguments);

    private static object? Default(object? value, Arguments arguments)
    {
        bool alsoFalse = Values.IsTrue(arguments.Get(1, "boolean", false));
        return value is Undefined || (alsoFalse && !Values.IsTrue(value)) ? arguments.Get(0, "default_value", PromptText.Empty) : value;
    }

    private static object? Int(object? value, Arguments arguments)
    {
        if (value is long) return value;
        if (value is PromptText text && long.TryParse(text.Text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long whole)) return whole;
        bool isNumber = Values.TryNumber(value, out double number)
            || (value is PromptText && double.TryParse(Values.ToText(value).Text, NumberStyles.Float, CultureInfo.InvariantCulture, out number));
        return isNumber && double.IsFinite(number) ? (long)number : arguments.Get(0, "default", 0L);
    }

    private static object? Join(object? value, Arguments arguments)
    {
        IEnumerable<object?> items = Values.Iterate(value);
        if (arguments.Has(1, "attribute")) items = items.Select(Attribute(arguments.RequireText(1, "attribute")));
        return TextOperations.Join(items, Values.ToText(arguments.Get(0, "d", PromptText.Empty)));
    }

    // map('filter', …) or map(attribute='name').
    private static object? Map(object? value, Arguments arguments)
    {
        if (arguments.Named.ContainsKey("attribute"))
            return Values.Iterate(value).Select(Attribute(arguments.RequireText(int.MaxValue, "attribute"), arguments.Named.GetValueOrDefault("default"))).ToList();
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

    // 'function.name' leads from member to member, '0.name' begins at the first item of a list. A default stands wherever there is none.
    private static Func<object?, object?> Attribute(string path, object? missing = null)
    {
        object[] keys = [.. path.Split('.').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : (object)PromptText.Trusted(part))];
        return item => keys.Aggregate(item, (value, key) => Operations.Member(value, key) is var member && member is Undefined && missing is not null ? missing : member);
    }

    private static Arguments Rest(Arguments arguments, int from) => new([.. arguments.Positional.Skip(from)], Arguments.None.Named);
}
