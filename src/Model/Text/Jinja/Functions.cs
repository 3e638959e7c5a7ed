namespace Llama.Model.Text.Jinja;

/// <summary>The functions that templates call, as Hugging Face provides them.</summary>
internal static class Functions
{
    private const int GreatestRange = 100_000; // jinja2/sandbox.py, MAX_RANGE

    public static IReadOnlyCollection<string> Names { get; } = ["raise_exception", "strftime_now", "range", "namespace", "dict"];

    public static void Define(Scope scope, TimeProvider clock)
    {
        scope.Set("raise_exception", (Callable)(arguments => throw new TemplateException(Values.ToText(arguments.Require(0, "message")).Text)));
        scope.Set("strftime_now", (Callable)(arguments => PromptText.Trusted(Strftime.Format(clock.GetLocalNow(), arguments.RequireText(0, "format")))));
        scope.Set("range", (Callable)Range);
        scope.Set("namespace", (Callable)(arguments => new Namespace(Members(arguments))));
        scope.Set("dict", (Callable)Members);
    }

    // As in Python, a later value takes the place of one of the same name.
    private static Dictionary<string, object?> Members(Arguments arguments)
    {
        var members = new Dictionary<string, object?>();
        foreach ((string name, object? value) in arguments.Positional.OfType<Dictionary<string, object?>>().SelectMany(map => map).Concat(arguments.Named)) members[name] = value;
        return members;
    }

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
