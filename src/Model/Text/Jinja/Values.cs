using System.Collections;
using System.Globalization;

namespace Llama.Model.Text.Jinja;

/// <summary>
/// Python's view of the values a template handles: null is None; bool, long (<see cref="WholeNumber"/> beyond it) and double; <see cref="PromptText"/> is str; List is list and tuple; Dictionary is dict.
/// </summary>
internal static class Values
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        PromptText text => text.Length > 0,
        ICollection items => items.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "a boolean",
        long or double => "a number",
        WholeNumber => "an integer beyond 64 bits",
        PromptText => "a string",
        List<object?> => "a list",
        Dictionary<string, object?> => "a mapping",
        Undefined => "undefined",
        _ => "an object",
    };

    /// <summary>str(value). A printed list or mapping counts as untrusted: its parts may come from anywhere.</summary>
    public static PromptText ToText(object? value) => value switch
    {
        PromptText text => text,
        Undefined => PromptText.Empty,
        null => PromptText.Trusted("None"),
        bool flag => PromptText.Trusted(flag ? "True" : "False"),
        long number => PromptText.Trusted(number.ToString(CultureInfo.InvariantCulture)),
        WholeNumber number => PromptText.Trusted(number.Digits),
        double number => PromptText.Trusted(PythonText.Of(number)),
        _ => PromptText.Untrusted(Repr(value)),
    };

    public static IEnumerable<object?> Iterate(object? value) => value switch
    {
        List<object?> items => items,
        Dictionary<string, object?> map => map.Keys.Select(object? (key) => PromptText.Untrusted(key)),
        PromptText text => Characters(text),
        Undefined => [],
        _ => throw new TemplateException($"the chat template iterates over {TypeName(value)}"),
    };

    public static long Length(object? value) => value switch
    {
        PromptText text => text.Length - text.Text.Where((c, i) => i > 0 && char.IsSurrogatePair(text.Text[i - 1], c)).Count(),
        ICollection items => items.Count,
        Undefined => 0,
        _ => throw new TemplateException($"the chat template takes the length of {TypeName(value)}"),
    };

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (PromptText a, PromptText b) => a.Text == b.Text,
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second)),
        (Dictionary<string, object?> a, Dictionary<string, object?> b) => a.Count == b.Count && a.All(x => b.TryGetValue(x.Key, out object? y) && AreEqual(x.Value, y)),
        (Undefined, Undefined) => true,
        _ when TryInteger(left, out long a) && TryInteger(right, out long b) => a == b,
        _ => TryNumber(left, out double x) && TryNumber(right, out double y) ? x == y : Equals(left, right),
    };

    /// <summary>Numbers among themselves and strings among themselves have an order.</summary>
    public static int Compare(object? left, object? right)
    {
        if (left is PromptText a && right is PromptText b) return string.CompareOrdinal(a.Text, b.Text);
        if (TryInteger(left, out long m) && TryInteger(right, out long n)) return m.CompareTo(n);
        if (TryNumber(left, out double x) && TryNumber(right, out double y)) return x.CompareTo(y);
        throw new TemplateException($"the chat template compares {TypeName(left)} with {TypeName(right)}");
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        PromptText text when item is PromptText part => text.Text.Contains(part.Text, StringComparison.Ordinal),
        Dictionary<string, object?> map => item is PromptText key && map.ContainsKey(key.Text),
        List<object?> items => items.Exists(candidate => AreEqual(candidate, item)),
        Undefined => false,
        _ => throw new TemplateException($"the chat template looks for {TypeName(item)} in {TypeName(container)}"),
    };

    /// <summary>Python counts True as 1.</summary>
    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { long n => n, double n => n, bool flag => flag ? 1 : 0, _ => 0 };
        return value is long or double or bool;
    }

    private static bool TryInteger(object? value, out long number)
    {
        number = value switch { long n => n, true => 1, _ => 0 };
        return value is long or bool;
    }

    // Python counts and cuts strings by code points.
    private static IEnumerable<object?> Characters(PromptText text)
    {
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = start + 1 < text.Length && char.IsSurrogatePair(text.Text, start) ? 2 : 1;
            yield return text.Slice(start, length);
        }
    }

    private static string Repr(object? value) => value switch
    {
        PromptText text => PythonText.Quoted(text.Text),
        List<object?> items => $"[{string.Join(", ", items.Select(Repr))}]",
        Dictionary<string, object?> map => $"{{{string.Join(", ", map.Select(x => $"{PythonText.Quoted(x.Key)}: {Repr(x.Value)}"))}}}",
        Namespace or Callable => throw new TemplateException("the chat template prints an object that has no text"),
        _ => ToText(value).Text,
    };
}
