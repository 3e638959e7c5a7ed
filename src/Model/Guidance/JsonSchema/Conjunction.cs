using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Schemas that one value must satisfy all together. None: any value will do.</summary>
internal sealed class Conjunction
{
    private Conjunction(IReadOnlyList<SchemaNode> nodes)
    {
        Nodes = nodes;
        Key = string.Join('&', nodes.Select(node => node.Id));
    }

    public static Conjunction Anything { get; } = new([]);

    /// <summary>What no value satisfies.</summary>
    public static Conjunction Nothing { get; } = Of(new SchemaNode(-1, "", JsonDocument.Parse("false").RootElement));

    /// <summary>Ascending by id, each once.</summary>
    public IReadOnlyList<SchemaNode> Nodes { get; }

    /// <summary>The same for the same schemas.</summary>
    public string Key { get; }

    /// <summary>The place to name in messages.</summary>
    public string Path => Nodes.Count == 0 ? "" : Nodes[0].Path;

    public static Conjunction Of(SchemaNode node) => new([node]);

    public Conjunction And(Conjunction other)
    {
        if (Nodes.Count == 0) return other;
        return other.Nodes.Count == 0 ? this : new Conjunction([.. Nodes.Concat(other.Nodes).Distinct().OrderBy(node => node.Id)]);
    }
}
