namespace Llama.Model.Text.Jinja;

/// <summary>The functions that templates call, as Hugging Face provides them.</summary>
internal static class Functions
{
    private const int GreatestRange = 100_000; // jinja2/sandbox.py, MAX_RANGE

    public static IReadOnlyCollection<string> Names { get; } = ["raise_exception", "strftime_now", "range", "namespace", "dict"];

    public static void Define(Scope scope, TimeProvider clock)
    {
        scope.Set("raise_exception", new Callable(arguments => throw new TemplateException(Values.ToText(arguments.Require(0, "message")).Text), "message"));
        scope.Set("strftime_now", new Callable(arguments => PromptText.Trusted(Strftime.Format(clock.GetLocalNow(), arguments.RequireText(0, "format"))), "format"));
        scope.Set("range", new Callable(Range, "", "", ""));
        scope.Set("namespace", new Callable(arguments => new Namespace(Members(arguments)), "", "**"));
        scope.Set("dict", new Callable(Members, "", "**"));
    }

    // As in Python, a later value takes the place of one of the same name.
    private static Dictionary<string, object?> Members(Arguments arguments)
    {
        var members = new Dictionary<string, object?>();
        foreach ((string name, object? value) in arguments.Positional.SelectMany(Entries).Concat(arguments.Named)) members[name] = value;
        return members;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Entries(object? value) => value switch
    {
        Dictionary<string, object?> map => map,
        List<object?> pairs => pairs.Select(pair => pair is List<object?> and [PromptText name, var member]
            ? KeyValuePair.Create(name.Text, member)
            : throw new TemplateException("the chat template makes a mapping of what is no pair of a string and a value")),
        _ => throw new TemplateException($"the chat template makes a mapping of {Values.TypeName(value)}"),
    };

    private static object Range(Arguments arguments)
    {
        long[] bounds = [.. arguments.Positional.Select(value => value as long? ?? throw new TemplateException($"the chat template calls range with {Values.TypeName(value)}"))];
        (long start, long stop, long step) = bounds.Length switch
        {
            1 => (0, bounds[0], 1),
            2 => (bounds[0], bounds[1], 1),
            3 when bounds[2] != 0 => (bounds[0], bounds[1], bounds[2]),
            _ => throw new TemplateException("the chat template calls range with wrong arguments"),
        };
        var numbers = new List<object?>();
        for (long n = start; step > 0 ? n < stop : n > stop; n += step)
        {
            if (numbers.Count == GreatestRange) throw new TemplateException($"the chat template calls range for more than {GreatestRange} numbers");
            numbers.Add(n);
        }
        return numbers;
    }
}
