using System.Text.Json;

namespace Llama.Server.Parsing;

/// <summary>Values of refused fields that ask for nothing.</summary>
internal static class NoOp
{
    public static bool False(JsonElement value) => value.ValueKind == JsonValueKind.False;

    public static bool True(JsonElement value) => value.ValueKind == JsonValueKind.True;

    public static bool EmptyArray(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    public static bool EmptyObject(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 0;

    public static Func<JsonElement, bool> Text(params string[] words) =>
        value => value.ValueKind == JsonValueKind.String && words.Any(word => value.ValueEquals(word));

    public static Func<JsonElement, bool> Number(double number) =>
        value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == number;

    /// <summary>An array that holds one given word and nothing else.</summary>
    public static Func<JsonElement, bool> Only(string word) =>
        value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1 && Text(word)(value[0]);

    /// <summary>An object whose <c>type</c> is a given word and that has no other property.</summary>
    public static Func<JsonElement, bool> Type(string word) =>
        value => value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 1 && value.TryGetProperty("type", out JsonElement type) && Text(word)(type);
}
