namespace Llama.Model.Text.Jinja;

/// <summary>What the operators do, as in Python.</summary>
internal static class Operations
{
    public static object? Calculate(string op, object? left, object? right) => (op, CountedBool(left), CountedBool(right)) switch
    {
        (_, Undefined undefined, _) when op != "~" => throw undefined.Fault(),
        (_, _, Undefined undefined) when op != "~" => throw undefined.Fault(),
        ("~", _, _) => Values.ToText(left) + Values.ToText(right),
        ("+", PromptText a, PromptText b) => a + b,
        ("+", List<object?> a, List<object?> b) => a.Concat(b).ToList(),
        ("*", PromptText text, long count) => PromptText.Concat([.. Enumerable.Repeat(text, (int)Math.Clamp(count, 0, 100_000))]),
        (_, long a, long b) when op is not "/" => OfIntegers(op, a, b),
        _ when Values.TryNumber(left, out double a) && Values.TryNumber(right, out double b) => OfNumbers(op, a, b),
        _ => throw new TemplateException($"the chat template uses '{op}' between {Values.TypeName(left)} and {Values.TypeName(right)}"),
    };

    public static bool Holds(string op, object? left, object? right) => op switch
    {
        "==" => Values.AreEqual(left, right),
        "!=" => !Values.AreEqual(left, right),
        "in" => Values.Contains(right, left),
        "not in" => !Values.Contains(right, left),
        "<" => Values.Compare(left, right) < 0,
        "<=" => Values.Compare(left, right) <= 0,
        ">" => Values.Compare(left, right) > 0,
        _ => Values.Compare(left, right) >= 0,
    };

    /// <summary><c>container[key]</c>, and <c>container.key</c>, which looks up the same members here; undefined where there is none.</summary>
    public static object? Member(object? container, object? key) => container switch
    {
        Undefined undefined => throw undefined.Fault(),
        Dictionary<string, object?> map when key is PromptText name => map.TryGetValue(name.Text, out object? value) ? value : new Undefined(name.Text),
        Namespace space when key is PromptText name => space.Members.TryGetValue(name.Text, out object? value) ? value : new Undefined(name.Text),
        List<object?> items when key is long index => At(items, index),
        PromptText text when key is long index => At(text, index),
        _ => new Undefined(Values.ToText(key).Text),
    };

    private static object? At(List<object?> items, long index) => Place(index, items.Count) is { } place ? items[(int)place] : new Undefined($"[{index}]");

    private static object At(PromptText text, long index) =>
        Place(index, Values.Length(text)) is { } place ? TextOperations.CutByCodePoints(text, place, place + 1) : new Undefined($"[{index}]");

    // Counted from the end when negative; null beyond.
    private static long? Place(long index, long count)
    {
        long place = index < 0 ? index + count : index;
        return place >= 0 && place < count ? place : null;
    }

    /// <summary><c>a[start:stop:step]</c> of a list or string.</summary>
    public static object? Slice(object? sequence, object? start, object? stop, object? step)
    {
        long by = step is long given && given != 0 ? given : 1;
        if (sequence is PromptText whole && by == 1)
        {
            long length = Values.Length(whole);
            return TextOperations.CutByCodePoints(whole, Bound(start, 0, length, by), Bound(stop, length, length, by));
        }
        List<object?> items = [.. Values.Iterate(sequence)];
        long from = Bound(start, by > 0 ? 0 : items.Count - 1, items.Count, by);
        long to = Bound(stop, by > 0 ? items.Count : -1, items.Count, by);
        var taken = new List<object?>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) taken.Add(items[(int)i]);
        return sequence is PromptText ? PromptText.Concat([.. taken.Cast<PromptText>()]) : taken;
    }

    // Python's True is the integer 1.
    private static object? CountedBool(object? value) => value is bool flag ? (flag ? 1L : 0L) : value;

    private static long Bound(object? bound, long missing, long count, long step)
    {
        if (bound is not long place) return missing;
        if (place < 0) place += count;
        return step > 0 ? Math.Clamp(place, 0, count) : Math.Clamp(place, -1, count - 1);
    }

    private static object OfIntegers(string op, long a, long b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "//" when b != 0 => (long)Math.Floor((decimal)a / b),
        "%" when b != 0 => a - b * (long)Math.Floor((decimal)a / b),
        "**" => b >= 0 ? (object)(long)Math.Pow(a, b) : Math.Pow(a, b),
        _ => throw DivisionByZero(),
    };

    private static object OfNumbers(string op, double a, double b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "**" => Math.Pow(a, b),
        _ when b == 0 => throw DivisionByZero(),
        "/" => a / b,
        "//" => Math.Floor(a / b),
        _ => a - b * Math.Floor(a / b),
    };

    private static TemplateException DivisionByZero() => new("the chat template divides by zero");
}
