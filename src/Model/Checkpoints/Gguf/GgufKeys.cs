using System.Globalization;
using System.Runtime.InteropServices;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Reads metadata values and collects, rather than throws, what is wrong with them. Faults are said of the whole key.</summary>
internal sealed unsafe class GgufKeys(byte* data, long length, string source, IReadOnlyDictionary<string, GgufValue> values, List<string> faults) : ConfigKeys(faults)
{
    public override bool Has(string key) => values.ContainsKey(key);

    /// <summary>An integer of any width; also an array that holds one and the same for every layer.</summary>
    public override int? OptionalInt(string key, int least = 1)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (Integers(value) is { Length: > 0 } numbers && numbers[0] >= least && numbers[0] <= int.MaxValue && Array.TrueForAll(numbers, number => number == numbers[0]))
            return (int)numbers[0];
        Fault(key, value, $"an integer of at least {least}, equal for all layers");
        return least;
    }

    public override double? OptionalPositive(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (Numbers(value) is [double number] && value.Count is null && number > 0 && double.IsFinite(number)) return number;
        Fault(key, value, "a number above 0");
        return 1;
    }

    /// <summary>A finite number of at least 0.</summary>
    public double Number(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return Missing(key);
        if (value.Count is null && Numbers(value) is [>= 0 and double number] && double.IsFinite(number)) return number;
        Fault(key, value, "a number of at least 0");
        return 0;
    }

    public bool? Flag(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (value is { Type: GgufValueType.Bool, Count: null }) return data[value.Offset] != 0;
        Fault(key, value, "true or false");
        return null;
    }

    public string? Text(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (value is { Type: GgufValueType.String, Count: null }) return Strings(value)[0];
        Fault(key, value, "a text");
        return null;
    }

    public string[]? Texts(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (value is { Type: GgufValueType.String, Count: not null }) return Strings(value);
        Fault(key, value, "an array of texts");
        return null;
    }

    public double[]? NumberArray(string key)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return null;
        if (value.Count is not null && Numbers(value) is { } numbers) return numbers;
        Fault(key, value, "an array of numbers");
        return null;
    }

    /// <summary>Notes that a key, if present at all, is not <paramref name="expected"/>; true and false count as 1 and 0.</summary>
    public void Refuse(string key, string expected, Func<double, bool>? isHarmless = null)
    {
        if (!values.TryGetValue(key, out GgufValue value)) return;
        double[]? numbers = value is { Type: GgufValueType.Bool, Count: null } ? [data[value.Offset]] : Numbers(value);
        if (isHarmless is null || numbers is null || !Array.TrueForAll(numbers, number => isHarmless(number))) Fault(key, value, expected);
    }

    private string[] Strings(GgufValue value)
    {
        var cursor = new GgufCursor(data, length, source) { Position = value.Offset };
        string[] texts = new string[value.Count ?? 1];
        for (int i = 0; i < texts.Length; i++) texts[i] = cursor.Text();
        return texts;
    }

    private long[]? Integers(GgufValue value) => value.Type switch
    {
        GgufValueType.Float32 or GgufValueType.Float64 or GgufValueType.String or GgufValueType.Bool => null,
        _ => Array.ConvertAll(Numbers(value)!, number => (long)number),
    };

    private double[]? Numbers(GgufValue value) => value.Type switch
    {
        GgufValueType.UInt8 => Convert<byte>(value, x => x),
        GgufValueType.Int8 => Convert<sbyte>(value, x => x),
        GgufValueType.UInt16 => Convert<ushort>(value, x => x),
        GgufValueType.Int16 => Convert<short>(value, x => x),
        GgufValueType.UInt32 => Convert<uint>(value, x => x),
        GgufValueType.Int32 => Convert<int>(value, x => x),
        GgufValueType.UInt64 => Convert<ulong>(value, x => x),
        GgufValueType.Int64 => Convert<long>(value, x => x),
        GgufValueType.Float32 => Convert<float>(value, x => x),
        GgufValueType.Float64 => Convert<double>(value, x => x),
        _ => null,
    };

    private double[] Convert<T>(GgufValue value, Converter<T, double> convert) where T : unmanaged =>
        Array.ConvertAll(MemoryMarshal.Cast<byte, T>(new ReadOnlySpan<byte>(data + value.Offset, checked((int)((value.Count ?? 1) * sizeof(T))))).ToArray(), convert);

    private void Fault(string key, GgufValue value, string expected)
    {
        string shown = value.Count is null && Numbers(value) is [double number] ? number.ToString(CultureInfo.InvariantCulture)
            : value is { Count: null, Type: GgufValueType.String } && Strings(value)[0] is { Length: <= 60 } text ? $"\"{text}\"" : value.ToString();
        Add(key, $"is {shown}; expected {expected}");
    }
}
