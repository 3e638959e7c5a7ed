using System.Text.Json;

namespace Llama.Model.Checkpoints;

/// <summary>Reads the keys of one JSON object and collects, rather than throws, what is wrong with them. A key that is null counts as absent.</summary>
internal sealed class JsonKeys(JsonElement json, List<string> faults, string prefix = "") : ConfigKeys(faults)
{
    public override int? OptionalInt(string key, int least = 1)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least) return number;
        bool isTooLarge = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double size) && size > int.MaxValue;
        Fault(key, value, isTooLarge ? $"at most {int.MaxValue}" : $"an integer of at least {least}");
        return least;
    }

    public override double? OptionalPositive(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number > 0 && double.IsFinite(number)) return number;
        Fault(key, value, "a number above 0");
        return 1;
    }

    public bool Flag(string key, bool absent)
    {
        if (!TryGet(key, out JsonElement value)) return absent;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Fault(key, value, "true or false");
        return absent;
    }

    public string? Text(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        Fault(key, value, "a string");
        return null;
    }

    /// <summary>An array of <paramref name="kind"/>, or one such value; null when absent.</summary>
    public List<JsonElement>? OneOrMany(string key, JsonValueKind kind)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        List<JsonElement> items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (items.TrueForAll(item => item.ValueKind == kind)) return items;
        Fault(key, value, $"a {kind} or a list of them");
        return null;
    }

    public JsonKeys? Object(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Object) return new JsonKeys(value, Faults, $"{prefix}{key}.");
        Fault(key, value, "an object");
        return null;
    }

    /// <summary>Notes that <paramref name="key"/>, if present at all, is not <paramref name="expected"/>.</summary>
    public void Refuse(string key, string expected, Func<JsonElement, bool>? harmless = null)
    {
        if (TryGet(key, out JsonElement value) && harmless?.Invoke(value) != true) Fault(key, value, expected);
    }

    public bool IsEmpty => !json.EnumerateObject().Any();

    public override bool Has(string key) => TryGet(key, out _);

    public bool IsNull(string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    public override void Add(string key, string fault) => base.Add(prefix + key, fault);

    private void Fault(string key, JsonElement value, string expected)
    {
        string text = value.GetRawText();
        Add(key, $"is {(text.Length > 60 ? text[..60] + "…" : text)}; expected {expected}");
    }

    private bool TryGet(string key, out JsonElement value) => json.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
}
