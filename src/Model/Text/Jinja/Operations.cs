namespace Llama.Model.Text.Jinja;

/// <summary>What the operators do, as in Python.</summary>
internal static class Operations
{
    private const int LongestRepetition = 1_000_000;

    public static object? Calculate(string op, object? left, object? right) => (op, CountedBool(left), CountedBool(right)) switch
    {
        (_, Undefined undefined, _) when op != "~" => throw undefined.Fault(),
        (_, _, Undefined undefined) when op != "~" => throw undefined.Fault(),
        ("~", _, _) => Values.ToText(left) + Values.ToText(right),
        ("+", PromptText a, PromptText b) => a + b,
        ("+", List<object?> a, List<object?> b) => a.Concat(b).ToList(),
        ("*", PromptText text, long count) => Repeated(text, count),
        ("*", long count, PromptText text) => Repeated(text, count),
        (_, long a, long b) when op is not "/" => OfIntegers(op, a, b),
        _ when Values.TryNumber(left, out double a) && Values.TryNumber(right, out double b) => OfNumbers(op, a, b),
        _ => throw new TemplateException($"the chat template uses '{op}' between {Values.TypeName(left)} and {Values.TypeName(right)}"),
    };

    /// <summary><c>-value</c> and <c>+value</c>.</summary>
    public static object? Signed(string op, object? value) => value is PromptText
        ? throw new TemplateException($"the chat template writes '{op}' before a string")
        : Calculate("*", value, op == "-" ? -1L : 1L);

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
        long by = step switch
        {
            null => 1,
            long and not 0 => Math.Clamp((long)step, -int.MaxValue, int.MaxValue), // no list is longer
            _ => throw new TemplateException("the chat template cuts with a step that is no integer, or 0"),
        };
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

    private static PromptText Repeated(PromptText text, long count)
    {
        if (count <= 0 || text.Length == 0) return PromptText.Empty;
        if (count > LongestRepetition / text.Length) throw new TemplateException(FormattableString.Invariant($"the chat template repeats a text to more than {LongestRepetition:N0} characters"));
        return PromptText.Concat([.. Enumerable.Repeat(text, (int)count)]);
    }

    private static object OfIntegers(string op, long a, long b)
    {
        if (op == "**" && b < 0) return Math.Pow(a, b);
        Int128 result = op switch
        {
            "+" => (Int128)a + b,
            "-" => (Int128)a - b,
            "*" => (Int128)a * b,
            "**" => Power(a, b),
            _ when b == 0 => throw DivisionByZero(),
            "//" => FloorDivided(a, b),
            _ => a - b * FloorDivided(a, b),
        };
        return result >= long.MinValue && result <= long.MaxValue ? (long)result : throw TooLarge();
    }

    private static Int128 FloorDivided(Int128 a, Int128 b) => (a / b) - (a % b != 0 && a < 0 != b < 0 ? 1 : 0);

    private static Int128 Power(Int128 a, long b)
    {
        if (a >= -1 && a <= 1) b = Math.Min(b, 2 + b % 2);
        Int128 power = 1;
        for (long i = 0; i < b; i++)
        {
            power *= a;
            if (Int128.Abs(power) > (Int128)long.MaxValue + 1) throw TooLarge();
        }
        return power;
    }

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

    /// <summary>Python's integers have no end; here they have 64 bits.</summary>
    public static TemplateException TooLarge() => new("the chat template computes an integer beyond 64 bits, which is not supported");

    private static TemplateException DivisionByZero() => new("the chat template divides by zero");
}
