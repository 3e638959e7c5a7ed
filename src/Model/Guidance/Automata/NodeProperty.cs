namespace Llama.Model.Guidance.Automata;

/// <summary>A property of nodes that spreads backwards from the end of each part until nothing changes: whether the end can be reached at all, or without reading.</summary>
internal sealed class NodeProperty
{
    private readonly NodeList _list;
    private readonly bool _throughReads;
    private readonly bool[] _holds; // [nodes]
    private readonly int[] _dependentFrom; // [nodes + 1], into _dependents
    private readonly int[] _dependents;

    private NodeProperty(NodeList list, bool throughReads)
    {
        (_list, _throughReads, _holds) = (list, throughReads, new bool[list.Nodes.Length]);
        (_dependentFrom, _dependents) = Dependents();
        Spread();
    }

    /// <summary>By node, whether its part can be finished from there.</summary>
    public static bool[] CanFinish(NodeList list) => new NodeProperty(list, throughReads: true)._holds;

    /// <summary>By node, whether its part can be finished from there without reading a byte.</summary>
    public static bool[] CanFinishEmpty(NodeList list) => new NodeProperty(list, throughReads: false)._holds;

    private void Spread()
    {
        var pending = new Stack<int>();
        for (int node = 0; node < _holds.Length; node++) Examine(node, pending);
        while (pending.TryPop(out int changed))
        {
            foreach (int dependent in _dependents.AsSpan(_dependentFrom[changed].._dependentFrom[changed + 1])) Examine(dependent, pending);
        }
    }

    private void Examine(int node, Stack<int> pending)
    {
        if (_holds[node] || !Holds(_list.Nodes[node])) return;
        _holds[node] = true;
        pending.Push(node);
    }

    private bool Holds(AutomatonNode node)
    {
        switch (node.Kind)
        {
            case NodeKind.Return: return true;
            case NodeKind.Call: return _holds[node.First] && _holds[node.Next];
            case NodeKind.Repeat: return _holds[node.Next] && (node.Minimum == 0 || _holds[node.First]);
            case NodeKind.Read when !_throughReads: return false;
        }
        foreach (int successor in new Successors(_list, node))
        {
            if (_holds[successor]) return true;
        }
        return false;
    }

    private (int[] From, int[] Dependents) Dependents()
    {
        ReadOnlySpan<AutomatonNode> nodes = _list.Nodes;
        int[] from = new int[nodes.Length + 1];
        foreach (AutomatonNode node in nodes)
        {
            foreach (int successor in new Successors(_list, node)) from[successor + 1]++;
        }
        for (int i = 0; i < nodes.Length; i++) from[i + 1] += from[i];
        int[] dependents = new int[from[^1]], filled = new int[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            foreach (int successor in new Successors(_list, nodes[i])) dependents[from[successor] + filled[successor]++] = i;
        }
        return (from, dependents);
    }
}
