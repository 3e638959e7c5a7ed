using System.Text.Json;
using Llama.Model.Checkpoints;

namespace Llama.Model.Text.HuggingFace;

/// <summary>Reads the JSON files of a checkpoint folder; their faults name the file.</summary>
internal static class JsonFile
{
    /// <summary>The root object of a file, or null when the folder has no such file.</summary>
    public static JsonElement? TryRead(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path)) return null;
        try
        {
            using JsonDocument document = WholeJson.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new JsonException("its root is not an object");
            return root.Clone();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not valid JSON ({e.Message}). Copy it from the checkpoint again.", e);
        }
    }

    /// <summary>A member that is there and not null.</summary>
    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? GetText(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool? GetFlag(this JsonElement element, string name) => element.Get(name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
