using System.Globalization;
using System.Text.Json;
using Llama.Server.Web.Errors;

namespace Llama.Server.Parsing;

/// <summary>
/// One JSON value with its path. Each reading method checks type and range, records what is wrong and then returns a harmless default, so that a table of fields
/// reads as a list of assignments.
/// </summary>
internal readonly struct FieldReader(JsonElement value, string path, ReadErrors errors)
{
    private const int MostOfName = 64;

    public JsonElement Value => value;

    public string Path => path;

    public ReadErrors Errors => errors;

    public bool IsNull => value.ValueKind is JsonValueKind.Null;

    /// <summary>The same errors at another path, for checks that follow the reading.</summary>
    public FieldReader At(string path) => new(value, path, errors);

    public string String()
    {
        if (!Expect(JsonValueKind.String, "a string"))
            return "";
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException) // half of a surrogate pair, or bytes that are not UTF-8
        {
            Invalid("its text is not valid Unicode");
            return "";
        }
    }

    /// <summary>A text that says something.</summary>
    public string SomeText()
    {
        string text = String();
        if (text.Length == 0)
            Invalid("a text must have at least one character");
        return text;
    }

    /// <summary>The name of a function or a schema.</summary>
    public string Name()
    {
        string name = String();
        if (name.Length is 0 or > MostOfName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            Invalid($"expected 1 to {MostOfName} letters, digits, '_' or '-'");
        return name;
    }

    /// <summary>One of a few words. Another word is an error, and is given back.</summary>
    public string Word(params string[] words)
    {
        string word = String();
        if (!words.Contains(word))
            Invalid($"expected {string.Join(", ", words[..^1])} or {words[^1]}, but got '{word}'");
        return word;
    }

    public bool Flag()
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        WrongType("a boolean");
        return false;
    }

    /// <summary>A number from <paramref name="minimum"/> to <paramref name="maximum"/>, or above the former where that is exclusive.</summary>
    public double Number(double minimum, double maximum, bool aboveMinimum = false)
    {
        if (!Expect(JsonValueKind.Number, "a number"))
            return minimum;
        double number = value.GetDouble();
        if (number <= maximum && (aboveMinimum ? number > minimum : number >= minimum))
            return number;
        Invalid(string.Create(CultureInfo.InvariantCulture, $"expected a number {(aboveMinimum ? "above" : "from")} {minimum} {(aboveMinimum ? "and up to" : "to")} {maximum}, but got {Shown()}"));
        return minimum;
    }

    public long Integer(long minimum, long maximum)
    {
        if (!Expect(JsonValueKind.Number, "an integer"))
            return minimum;
        if (value.TryGetInt64(out long number) && number >= minimum && number <= maximum)
            return number;
        if (value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            errors.Add(ApiError.InvalidType(path, "an integer", $"the number {Shown()}"));
        else
            Invalid(string.Create(CultureInfo.InvariantCulture, $"expected an integer from {minimum} to {maximum}, but got {Shown()}"));
        return minimum;
    }

    public int Int(int minimum, int maximum) => (int)Integer(minimum, maximum);

    /// <summary>The items of an array, each with its path.</summary>
    public IEnumerable<FieldReader> Items(int minimum = 0, int maximum = int.MaxValue)
    {
        if (!Expect(JsonValueKind.Array, "an array"))
            return [];
        int count = value.GetArrayLength();
        if (count >= minimum && count <= maximum)
            return Enumerate(value, path, errors);
        Invalid(maximum == int.MaxValue ? $"expected at least {(minimum == 1 ? "one item" : $"{minimum} items")}, but got {count}" : $"expected {minimum} to {maximum} items, but got {count}");
        return [];
    }

    public int[] Ints(int minimum, int maximum, int atLeast = 0)
    {
        int[] numbers = new int[value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 0];
        int count = 0;
        foreach (FieldReader item in Items(atLeast))
            numbers[count++] = item.Int(minimum, maximum);
        return numbers;
    }

    /// <summary>The value for use beyond the request's document. Whoever writes it out again needs all its texts to be valid.</summary>
    public JsonElement Kept()
    {
        if (JsonUnicode.IsValid(value))
            return value.Clone();
        Invalid("a name or text in it is not valid Unicode");
        return default;
    }

    /// <summary>Looks at one property of an object ahead of the others; false where there is none, or no object.</summary>
    public bool TryGet(string name, out FieldReader property)
    {
        JsonElement found = default;
        bool isThere = value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out found);
        property = new FieldReader(found, $"{path}.{name}", errors);
        return isThere;
    }

    /// <summary>Checks an object's <c>type</c> ahead of all else: of an image, "unknown field image_url" would be the wrong complaint.</summary>
    public void TypeFirst(Action<FieldReader> check)
    {
        if (TryGet("type", out FieldReader type) && !type.IsNull)
            check(type);
    }

    /// <summary>Reads an object's properties by a table of their own.</summary>
    public T Object<T>(FieldTable<T> fields, T target)
    {
        fields.Read(this, target);
        return target;
    }

    public bool Expect(JsonValueKind kind, string expected)
    {
        if (value.ValueKind == kind)
            return true;
        WrongType(expected);
        return false;
    }

    public void WrongType(string expected) => errors.Add(ApiError.InvalidType(path, expected, Kind(value.ValueKind)));

    public void Invalid(string why) => errors.Add(ApiError.InvalidValue(path, $"Invalid value for '{path}': {why}."));

    /// <summary>Says that an object lacks a property.</summary>
    public void Missing(string name) => errors.Add(ApiError.Missing($"{path}.{name}"));

    public void Unsupported(string why) => errors.Add(ApiError.UnsupportedValue(path, why));

    private static IEnumerable<FieldReader> Enumerate(JsonElement array, string path, ReadErrors errors)
    {
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
            yield return new FieldReader(item, $"{path}[{index++}]", errors);
    }

    private string Shown()
    {
        string raw = value.GetRawText();
        return raw.Length <= 40 ? raw : string.Concat(raw.AsSpan(0, 40), "…");
    }

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}
