using System.Globalization;
using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>A schema and the schemas within it, found by place; keeps one node for each place.</summary>
internal sealed class SchemaDocument
{
    /// <summary>More schemas than this are no interface any more but data.</summary>
    private const int MaxNodes = 20_000;

    /// <summary>Each schema has its place as a text, which repeats all names on the way to it.</summary>
    private const long MaxCharacters = 10_000_000;

    private readonly Dictionary<string, SchemaNode> _nodes = [];

    private long _characters;

    public SchemaDocument(JsonElement root) => Root = Node("", root);

    public SchemaNode Root { get; }

    /// <summary>The schema under a keyword.</summary>
    public SchemaNode Child(SchemaNode node, string keyword, JsonElement element) => Node(SchemaPath.Append(node.Path, keyword), element);

    /// <summary>The schema under a name under a keyword.</summary>
    public SchemaNode Child(SchemaNode node, string keyword, string name, JsonElement element) =>
        Node(SchemaPath.Append(SchemaPath.Append(node.Path, keyword), name), element);

    /// <summary>The schemas in an array under a keyword.</summary>
    public IReadOnlyList<SchemaNode> Children(SchemaNode node, string keyword, JsonElement array)
    {
        string path = SchemaPath.Append(node.Path, keyword);
        return [.. array.EnumerateArray().Select((element, index) => Node(SchemaPath.Append(path, index), element))];
    }

    /// <summary>What a <c>$ref</c> refers to: the root, or by JSON pointer (RFC 6901) a place within it.</summary>
    public SchemaNode Resolve(SchemaNode from)
    {
        string path = SchemaPath.Append(from.Path, "$ref");
        from.TryGet("$ref", out JsonElement value);
        string reference = WithoutRootId(SchemaPath.ReadText(value, path));
        if (reference is "#") return Root;
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
            throw new GrammarException(path, $"Only references within the schema are supported, such as '#' or '#/$defs/name', not '{reference}'.");
        string place = "";
        JsonElement element = Root.Element;
        foreach (string part in Uri.UnescapeDataString(reference[2..]).Split('/'))
        {
            if (!TryStep(part.Replace("~1", "/").Replace("~0", "~"), ref element, ref place))
                throw new GrammarException(path, $"Nothing stands at '{reference}'.");
        }
        return Node(place, element);
    }

    // The root may be named by its own '$id', as TypeBox does where a schema refers to itself.
    private string WithoutRootId(string reference)
    {
        if (!Root.TryGet("$id", out JsonElement id) || id.ValueKind != JsonValueKind.String) return reference;
        string name = SchemaPath.ReadText(id, "$id").TrimEnd('#');
        if (!reference.StartsWith(name, StringComparison.Ordinal)) return reference;
        string place = reference[name.Length..];
        return place.Length == 0 ? "#" : place[0] == '#' ? place : reference;
    }

    private static bool TryStep(string part, ref JsonElement element, ref string place)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            place = SchemaPath.Append(place, part);
            return element.TryGetProperty(part, out element);
        }
        if (element.ValueKind != JsonValueKind.Array || !int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) return false;
        if (index >= element.GetArrayLength()) return false;
        place = SchemaPath.Append(place, index);
        element = element[index];
        return true;
    }

    private SchemaNode Node(string path, JsonElement element)
    {
        if (_nodes.TryGetValue(path, out SchemaNode? known)) return known;
        if (_nodes.Count == MaxNodes) throw new GrammarException("", FormattableString.Invariant($"The schema holds more than {MaxNodes:N0} schemas; split it."));
        _characters += path.Length;
        if (_characters > MaxCharacters) throw new GrammarException("", "The names in this schema are too long together; shorten those of properties that hold many others.");
        return _nodes[path] = new SchemaNode(_nodes.Count, path, element);
    }
}
