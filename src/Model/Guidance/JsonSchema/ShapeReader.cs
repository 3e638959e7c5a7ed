using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Reads what a schema itself says of each kind of value. A keyword for another kind than the schema's types says nothing, as the specification has it.</summary>
/// <param name="document">The schema.</param>
/// <param name="properties">Tells what is asked of a property by its name.</param>
/// <param name="effort">Takes note of patterns, formats and listed values.</param>
internal sealed class ShapeReader(SchemaDocument document, PropertyRules properties, Effort effort)
{
    private static readonly string[] Types = ["null", "boolean", "integer", "number", "string", "array", "object"];

    private readonly ContainerReader _containers = new(document, properties, effort);

    public IReadOnlyList<Shape> Read(SchemaNode node)
    {
        if (node.Has("type")) return ReadTypes(node);
        var shapes = Shape.Everything.Select(shape => shape switch
        {
            NumberShape when SchemaKeywords.OfNumbers.Any(node.Has) || NumberFormats.Limits(node) => ReadNumber(node, false),
            StringShape when SchemaKeywords.OfStrings.Any(node.Has) || IsTextFormat(node) => ReadString(node),
            ArrayShape when SchemaKeywords.OfArrays.Any(node.Has) => _containers.ReadArray(node),
            ObjectShape when SchemaKeywords.OfObjects.Any(node.Has) => _containers.ReadObject(node),
            _ => shape,
        }).ToList();
        return shapes.TrueForAll(shape => shape.IsTacit) ? Shape.Everything : shapes;
    }

    /// <summary>The values that a schema lists; null if it lists none.</summary>
    public IReadOnlyList<Shape>? ReadConstants(SchemaNode node, string keyword)
    {
        if (!node.TryGet(keyword, out JsonElement value)) return null;
        string path = SchemaPath.Append(node.Path, keyword);
        if (keyword == "const") return [new Constants([Valid(value, path)])];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0) throw new GrammarException(path, "Expected an array of at least one value.");
        effort.SpendOnValues(value.GetArrayLength(), path);
        return [new Constants([.. value.EnumerateArray().Select((item, index) => Valid(item, SchemaPath.Append(path, index))).DistinctBy(JsonText.Spell)])];
    }

    private List<Shape> ReadTypes(SchemaNode node)
    {
        node.TryGet("type", out JsonElement value);
        string path = SchemaPath.Append(node.Path, "type");
        HashSet<string> types = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(name => SchemaPath.ReadText(name, path))] : [SchemaPath.ReadText(value, path)];
        if (types.Count == 0) throw new GrammarException(path, "Expected at least one type.");
        if (types.FirstOrDefault(name => !Types.Contains(name)) is { } unknown) throw new GrammarException(path, $"'{unknown}' is not a type; the types are {string.Join(", ", Types)}.");
        if (types.Contains("number")) types.Remove("integer");
        return [.. types.Select(name => ReadType(node, name))];
    }

    private Shape ReadType(SchemaNode node, string name) => name switch
    {
        "null" => Constants.Null,
        "boolean" => Constants.Booleans,
        "string" => ReadString(node),
        "array" => _containers.ReadArray(node),
        "object" => _containers.ReadObject(node),
        _ => ReadNumber(node, name == "integer"),
    };

    private static NumberShape ReadNumber(SchemaNode node, bool isInteger)
    {
        ExactNumber? factor = ExactNumber.CommonMultiple(isInteger ? ExactNumber.One : null, BoundReader.ReadFactor(node));
        return NumberFormats.Apply(new NumberShape(BoundReader.ReadMinimum(node), BoundReader.ReadMaximum(node), factor), node);
    }

    private StringShape ReadString(SchemaNode node)
    {
        var rules = new List<TextRule>();
        string? pattern = ReadText(node, "pattern"), format = ReadText(node, "format");
        if (pattern is not null && !StringFormats.Imply(format, pattern)) rules.Add(TextPattern.Read(pattern, SchemaPath.Append(node.Path, "pattern"), effort));
        if (format is not null && StringFormats.Find(format, pattern is not null || HasPatternsBeside(node), SchemaPath.Append(node.Path, "format")) is { } rule)
        {
            effort.Spend(rule.Text);
            rules.Add(rule);
        }
        return new StringShape { MinLength = Counts.Read(node, "minLength") ?? 0, MaxLength = Counts.Read(node, "maxLength"), Rules = rules };
    }

    // zod writes the patterns of several checks so: z.string().startsWith("a").endsWith("z").
    private static bool HasPatternsBeside(SchemaNode node) => node.TryGet("allOf", out JsonElement all) && all.ValueKind == JsonValueKind.Array
        && all.EnumerateArray().Any(branch => branch.ValueKind == JsonValueKind.Object && branch.TryGetProperty("pattern", out _));

    private static string? ReadText(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement value) ? SchemaPath.ReadText(value, SchemaPath.Append(node.Path, keyword)) : null;

    private static bool IsTextFormat(SchemaNode node) => node.Has("format") && !(NumberFormats.NameOf(node) is { } name && NumberFormats.Knows(name));

    // Values are compared and written later, where nobody expects one that cannot be read.
    private static JsonElement Valid(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                SchemaPath.ReadText(value, path);
                break;
            case JsonValueKind.Number:
                ExactNumber.Read(value, path);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) Valid(item, path);
                break;
            case JsonValueKind.Object:
                foreach (JsonElement member in SchemaPath.ReadMembers(value, path).Values) Valid(member, path);
                break;
        }
        return value;
    }
}
