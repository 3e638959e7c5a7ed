namespace Llama.Model.Guidance.Automata;

/// <summary>The nodes that a node names, whatever its kind.</summary>
internal ref struct Successors(NodeList list, AutomatonNode node)
{
    private int _index = -1;

    public readonly int Current => node.Kind switch
    {
        NodeKind.Read => list.Edges[node.First + _index].Target,
        NodeKind.Split => list.Targets[node.First + _index],
        _ => _index switch { 0 => node.First, 1 => node.Next, _ => node.Double },
    };

    public readonly Successors GetEnumerator() => this;

    public bool MoveNext() => ++_index < (node.Kind switch { NodeKind.Read or NodeKind.Split => node.Count, NodeKind.Return => 0, NodeKind.Call => 2, _ => 3 });
}
