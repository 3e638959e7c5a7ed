using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Reads what a schema says of arrays and objects.</summary>
internal sealed class ContainerReader(SchemaDocument document)
{
    public ArrayShape ReadArray(SchemaNode node)
    {
        if (node.TryGet("uniqueItems", out JsonElement unique) && unique.ValueKind != JsonValueKind.False)
            throw node.Fault("uniqueItems", "That items differ cannot be held to while they are written; leave it out and remove repeated items afterwards.");
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
        };
    }

    public ObjectShape ReadObject(SchemaNode node)
    {
        HashSet<string> required = ReadRequired(node);
        Conjunction others = Child(node, "additionalProperties");
        var properties = new OrderedDictionary<string, PropertyShape>();
        string[]? listed = ReadListedNames(node);
        foreach (string name in listed ?? []) properties[name] = new PropertyShape(name, others, required.Contains(name));
        if (listed is not null) others = Conjunction.Nothing;
        foreach ((string name, JsonElement schema) in Members(node, "properties"))
            properties[name] = new PropertyShape(name, Conjunction.Of(document.Child(node, "properties", name, schema)), required.Contains(name));
        foreach (string name in required.Where(name => !properties.ContainsKey(name))) properties[name] = new PropertyShape(name, others, true);
        CheckNames(node, properties);
        return new ObjectShape
        {
            Properties = [.. properties.Values],
            Others = others,
            NamesProperties = node.Has("properties"),
            NamesOthers = node.Has("additionalProperties"),
        };
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

    // A record whose names are listed is an object with these properties: what zod and pydantic write for one with an enum as key.
    private static string[]? ReadListedNames(SchemaNode node)
    {
        if (!node.TryGet("propertyNames", out JsonElement names) || node.Has("properties") || !HasOnly(names, "enum") || names.GetProperty("enum").ValueKind != JsonValueKind.Array) return null;
        string path = SchemaPath.Append(SchemaPath.Append(node.Path, "propertyNames"), "enum");
        return [.. names.GetProperty("enum").EnumerateArray().Select(name => SchemaPath.ReadText(name, path)).Distinct()];
    }

    // Names and their number cannot be told from the text so far; accepted is what rules out nothing that would be written.
    private void CheckNames(SchemaNode node, OrderedDictionary<string, PropertyShape> properties)
    {
        if (node.TryGet("propertyNames", out JsonElement names) && ReadListedNames(node) is null && !HasOnly(names, null))
            throw node.Fault("propertyNames", "Rules for the names of properties are not supported; declare the names under 'properties'.");
        if (Counts.Read(node, "minProperties") > properties.Values.Count(property => property.IsRequired))
            throw node.Fault("minProperties", "A number of properties is not supported; list as many names under 'required'.");
        bool isClosed = node.TryGet("additionalProperties", out JsonElement others) ? others.ValueKind == JsonValueKind.False : properties.Count > 0;
        if (node.Has("maxProperties") && !(isClosed && properties.Count <= Counts.Read(node, "maxProperties")))
            throw node.Fault("maxProperties", "A number of properties is not supported; declare those wanted under 'properties', with \"additionalProperties\": false.");
    }

    // Whether names must be strings, which they are, and if there is another keyword whether it is there.
    private static bool HasOnly(JsonElement names, string? keyword)
    {
        if (names.ValueKind == JsonValueKind.True) return keyword is null;
        return names.ValueKind == JsonValueKind.Object && (keyword is null || names.TryGetProperty(keyword, out _))
            && names.EnumerateObject().All(member => (keyword is not null && member.NameEquals(keyword)) || (member.NameEquals("type") && member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals("string")));
    }

    private static IReadOnlyDictionary<string, JsonElement> Members(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement members) ? SchemaPath.ReadMembers(members, SchemaPath.Append(node.Path, keyword)) : new Dictionary<string, JsonElement>();

    private Conjunction Child(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement schema) ? Conjunction.Of(document.Child(node, keyword, schema)) : Conjunction.Anything;
}
