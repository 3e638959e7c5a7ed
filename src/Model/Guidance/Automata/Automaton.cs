namespace Llama.Model.Guidance.Automata;

/// <summary>
/// A pushdown automaton over the bytes of UTF-8, of which every place that <see cref="CanFinish"/> leads to the end. Immutable.
/// Bytes that no edge tells apart form one class, so that tables by class stay short.
/// </summary>
internal sealed class Automaton
{
    private readonly AutomatonNode[] _nodes;
    private readonly ByteEdge[] _edges;
    private readonly int[] _targets;
    private readonly bool[] _canFinish; // [nodes]

    public Automaton(NodeList list, bool[] canFinish, int start)
    {
        (_nodes, _edges, _targets, _canFinish, Start) = (list.Nodes.ToArray(), list.Edges.ToArray(), list.Targets.ToArray(), canFinish, start);
        (ClassOf, ClassCount) = Classes(_edges);
    }

    public int Start { get; }

    public int NodeCount => _nodes.Length;

    /// <summary>Whether it describes no text at all.</summary>
    public bool IsEmpty => !_canFinish[Start];

    /// <summary>By byte, its class. [256]</summary>
    public byte[] ClassOf { get; }

    public int ClassCount { get; }

    public ref readonly AutomatonNode this[int node] => ref _nodes[node];

    public bool CanFinish(int node) => _canFinish[node];

    public ReadOnlySpan<ByteEdge> EdgesOf(int node) => _edges.AsSpan(_nodes[node].First, _nodes[node].Count);

    public ReadOnlySpan<int> TargetsOf(int node) => _targets.AsSpan(_nodes[node].First, _nodes[node].Count);

    private static (byte[] ClassOf, int Count) Classes(ByteEdge[] edges)
    {
        bool[] begins = new bool[257];
        foreach (ByteEdge edge in edges) begins[edge.Low] = begins[edge.High + 1] = true;
        byte[] classOf = new byte[256];
        for (int value = 1; value < 256; value++) classOf[value] = (byte)(classOf[value - 1] + (begins[value] ? 1 : 0));
        return (classOf, classOf[255] + 1);
    }
}
