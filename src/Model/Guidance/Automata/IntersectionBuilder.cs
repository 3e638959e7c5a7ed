using System.Runtime.InteropServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>Lays out the product of two automata: its places are pairs of their states, found from the start on.</summary>
internal sealed class IntersectionBuilder(NodeList list, CodePointSet? alphabet)
{
    private const int MostPairs = 50_000;

    private readonly Dictionary<(AutomatonState, AutomatonState), int> _nodes = [];
    private readonly Queue<(AutomatonState, AutomatonState)> _unbuilt = new();
    private readonly List<ByteEdge> _edges = [];

    public int Build(Intersection both, int next)
    {
        if (TryMachine(both.First) is not { } first || TryMachine(both.Second) is not { } second) return list.AddRead([]);
        int start = NodeOf(first.Start, second.Start);
        while (_unbuilt.TryDequeue(out (AutomatonState First, AutomatonState Second) pair)) BuildPair(pair.First, pair.Second, next);
        return start;
    }

    private AutomatonMachine? TryMachine(Expression expression)
    {
        Automaton automaton = AutomatonBuilder.BuildPossiblyEmpty(expression, alphabet);
        return automaton.IsEmpty ? null : new AutomatonMachine(automaton, long.MaxValue);
    }

    private void BuildPair(AutomatonState first, AutomatonState second, int next)
    {
        _edges.Clear();
        for (int value = 0; value <= byte.MaxValue; value++) AddEdge(first, second, (byte)value);
        int read = list.AddRead(CollectionsMarshal.AsSpan(_edges));
        if (first.IsAccepting && second.IsAccepting) list.SetSplit(_nodes[(first, second)], read, next);
        else list.SetSplit(_nodes[(first, second)], read);
    }

    private void AddEdge(AutomatonState first, AutomatonState second, byte value)
    {
        if (first.Advance(value) is not AutomatonState nextFirst || second.Advance(value) is not AutomatonState nextSecond) return;
        int target = NodeOf(nextFirst, nextSecond);
        if (_edges.Count > 0 && _edges[^1].Target == target && _edges[^1].High + 1 == value) _edges[^1] = _edges[^1] with { High = value };
        else _edges.Add(new ByteEdge(value, value, target));
    }

    private int NodeOf(AutomatonState first, AutomatonState second)
    {
        if (_nodes.TryGetValue((first, second), out int node)) return node;
        if (_nodes.Count >= MostPairs)
            throw new GrammarException("", $"Two conditions on the same text, such as a pattern and a length, are too large together (more than {MostPairs:N0} places); relax one, say a smaller maxLength.");
        _nodes[(first, second)] = node = list.Reserve();
        _unbuilt.Enqueue((first, second));
        return node;
    }
}
