using System.Runtime.InteropServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>The nodes of an automaton while it is built, from the end towards the start: each is made knowing what follows it.</summary>
internal sealed class NodeList
{
    /// <summary>The one node that ends every part.</summary>
    public const int Return = 0;

    /// <summary>The one node from which nothing leads on.</summary>
    public const int DeadEnd = 1;

    private const int MostNodes = 300_000, MostEdges = 2_000_000;

    private readonly List<AutomatonNode> _nodes = [new(NodeKind.Return, 0), new(NodeKind.Read, 0)];
    private readonly List<ByteEdge> _edges = [];
    private readonly List<int> _targets = [];

    public ReadOnlySpan<AutomatonNode> Nodes => CollectionsMarshal.AsSpan(_nodes);

    public ReadOnlySpan<ByteEdge> Edges => CollectionsMarshal.AsSpan(_edges);

    public ReadOnlySpan<int> Targets => CollectionsMarshal.AsSpan(_targets);

    public int AddRead(ReadOnlySpan<ByteEdge> edges)
    {
        _edges.AddRange(edges);
        if (_edges.Count > MostEdges) throw TooLarge();
        return Add(new AutomatonNode(NodeKind.Read, _edges.Count - edges.Length, edges.Length));
    }

    public int AddSplit(params ReadOnlySpan<int> targets)
    {
        if (targets.Length == 1) return targets[0];
        int split = Reserve();
        SetSplit(split, targets);
        return split;
    }

    /// <summary>Makes a node whose ways on are not yet known, for loops.</summary>
    public int Reserve() => Add(new AutomatonNode(NodeKind.Split, 0));

    public void SetSplit(int node, params ReadOnlySpan<int> targets)
    {
        _nodes[node] = new AutomatonNode(NodeKind.Split, _targets.Count, targets.Length);
        _targets.AddRange(targets);
    }

    public int AddCall(int part, int next) => Add(new AutomatonNode(NodeKind.Call, part, Next: next));

    public int AddRepeat(int part, int next, int minimum, int? maximum, int twice = DeadEnd) =>
        Add(new AutomatonNode(NodeKind.Repeat, part, Next: next, Minimum: minimum, Maximum: maximum ?? AutomatonNode.Unbounded, Double: twice));

    /// <summary>Lets a repetition be left at any time, which is the same where what it repeats may be empty.</summary>
    public void ClearMinimum(int node) => _nodes[node] = _nodes[node] with { Minimum = 0 };

    private int Add(AutomatonNode node)
    {
        if (_nodes.Count >= MostNodes) throw TooLarge();
        _nodes.Add(node);
        return _nodes.Count - 1;
    }

    private static GrammarException TooLarge() => new("", FormattableString.Invariant($"The grammar is too large: it needs more than {MostNodes:N0} places. Shorten its lists of values, or split the request."));
}
