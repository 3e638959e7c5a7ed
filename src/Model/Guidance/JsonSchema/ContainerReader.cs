using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Reads what a schema says of arrays and objects.</summary>
/// <param name="document">The schema.</param>
/// <param name="rules">Tells what is asked of a property by its name.</param>
/// <param name="effort">Takes note of patterns.</param>
internal sealed class ContainerReader(SchemaDocument document, PropertyRules rules, Effort effort)
{
    public ArrayShape ReadArray(SchemaNode node)
    {
        bool isTuple = node.TryGet("items", out JsonElement items) && items.ValueKind == JsonValueKind.Array; // before draft 2020-12
        if (isTuple && node.Has("prefixItems")) throw node.Fault("prefixItems", "Beside 'prefixItems', 'items' must be a schema for the items after these.");
        string prefix = isTuple ? "items" : "prefixItems", rest = isTuple ? "additionalItems" : "items";
        return new ArrayShape
        {
            Prefix = ReadPrefix(node, prefix),
            Items = Child(node, rest),
            NamesItems = node.Has(rest),
            MinItems = Counts.Read(node, "minItems") ?? 0,
            MaxItems = Counts.Read(node, "maxItems"),
            AreUnique = node.TryGet("uniqueItems", out JsonElement unique) && unique.ValueKind != JsonValueKind.False,
        };
    }

    public ObjectShape ReadObject(SchemaNode node)
    {
        HashSet<string> required = ReadRequired(node);
        var shape = new ObjectShape
        {
            Patterns = ReadPatterns(node),
            Others = Child(node, "additionalProperties"),
            Names = Child(node, "propertyNames"),
            NamesProperties = node.Has("properties"),
            NamesOthers = node.Has("additionalProperties"),
            MinCount = Counts.Read(node, "minProperties") ?? 0,
            MaxCount = Counts.Read(node, "maxProperties"),
        };
        var properties = new OrderedDictionary<string, PropertyShape>();
        foreach ((string name, JsonElement schema) in Members(node, "properties"))
            properties[name] = new PropertyShape(name, Conjunction.Of(document.Child(node, "properties", name, schema)).And(rules.Asked(shape, name, Conjunction.Anything)), required.Contains(name));
        if (node.Has("propertyNames")) shape = DeclareListed(shape, properties, required);
        foreach (string name in required.Where(name => !properties.ContainsKey(name))) properties[name] = new PropertyShape(name, rules.Asked(shape, name, shape.Others), true);
        return shape with { Properties = [.. properties.Values] };
    }

    // A record whose names are listed is an object with these properties: what zod and pydantic write for one with an enum as key.
    private ObjectShape DeclareListed(ObjectShape shape, OrderedDictionary<string, PropertyShape> properties, HashSet<string> required)
    {
        NameSet names = rules.NamesOf(shape.Names);
        foreach (string name in names.Listed.Where(name => !properties.ContainsKey(name))) properties[name] = new PropertyShape(name, rules.Asked(shape, name, shape.Others), required.Contains(name));
        return names.Texts.Count > 0 ? shape : shape with { Patterns = [], Others = Conjunction.Nothing };
    }

    private PatternShape[] ReadPatterns(SchemaNode node)
    {
        string path = SchemaPath.Append(node.Path, "patternProperties");
        return [.. Members(node, "patternProperties").Select(member => new PatternShape(
            TextPattern.Read(member.Key, SchemaPath.Append(path, member.Key), effort),
            Conjunction.Of(document.Child(node, "patternProperties", member.Key, member.Value))))];
    }

    private Conjunction[] ReadPrefix(SchemaNode node, string keyword)
    {
        if (!node.TryGet(keyword, out JsonElement array)) return [];
        if (array.ValueKind != JsonValueKind.Array) throw node.Fault(keyword, "Expected an array of schemas.");
        return [.. document.Children(node, keyword, array).Select(Conjunction.Of)];
    }

    private static HashSet<string> ReadRequired(SchemaNode node)
    {
        if (!node.TryGet("required", out JsonElement array)) return [];
        if (array.ValueKind != JsonValueKind.Array) throw node.Fault("required", "Expected an array of names.");
        return [.. array.EnumerateArray().Select((name, index) => SchemaPath.ReadText(name, SchemaPath.Append(SchemaPath.Append(node.Path, "required"), index)))];
    }

    private static IReadOnlyDictionary<string, JsonElement> Members(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement members) ? SchemaPath.ReadMembers(members, SchemaPath.Append(node.Path, keyword)) : new Dictionary<string, JsonElement>();

    private Conjunction Child(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement schema) ? Conjunction.Of(document.Child(node, keyword, schema)) : Conjunction.Anything;
}
