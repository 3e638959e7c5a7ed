using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The names that a schema of names allows.</summary>
/// <param name="shapes">The shapes of what satisfies it.</param>
internal sealed class NameSet(IReadOnlyList<Shape> shapes)
{
    private readonly OrderedDictionary<string, bool> _listed = ReadListed(shapes);

    /// <summary>Those that it lists, in its order.</summary>
    public IReadOnlyList<string> Listed => _listed.Keys;

    /// <summary>The others, by what they look like.</summary>
    public IReadOnlyList<StringShape> Texts { get; } = [.. shapes.OfType<StringShape>()];

    public bool Lists(string name) => _listed.ContainsKey(name);

    private static OrderedDictionary<string, bool> ReadListed(IReadOnlyList<Shape> shapes)
    {
        var listed = new OrderedDictionary<string, bool>();
        foreach (JsonElement value in shapes.OfType<Constants>().SelectMany(constants => constants.Values).Where(value => value.ValueKind == JsonValueKind.String)) listed[value.GetString()!] = true;
        return listed;
    }
}
