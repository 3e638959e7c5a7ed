using System.Runtime.InteropServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>Lays out the product of two automata: its places are pairs of their states, found from the start on.</summary>
internal sealed class IntersectionBuilder(NodeList list, CodePointSet? alphabet)
{
    private const int MostPairs = 50_000;
    private const long MostBytes = 12 << 20; // for the states of one side: ambiguous patterns have large ones, which take time too

    private readonly List<byte> _firstOfClass = []; // bytes that either side tells apart from the one before
    private readonly Dictionary<(AutomatonState, AutomatonState), int> _nodes = [];
    private readonly Queue<(AutomatonState, AutomatonState)> _unbuilt = new();
    private readonly List<ByteEdge> _edges = [];

    public int Build(Intersection both, int next)
    {
        if (TryMachine(both.First) is not { } first || TryMachine(both.Second) is not { } second) return NodeList.DeadEnd;
        FindClasses(first.Automaton, second.Automaton);
        int start = NodeOf(first.Start, second.Start);
        while (_unbuilt.TryDequeue(out (AutomatonState First, AutomatonState Second) pair))
        {
            if (_nodes.Count > MostPairs || first.Bytes > MostBytes || second.Bytes > MostBytes) throw TooLarge();
            BuildPair(pair.First, pair.Second, next);
        }
        return start;
    }

    private AutomatonMachine? TryMachine(Expression expression)
    {
        Automaton automaton = AutomatonBuilder.BuildPossiblyEmpty(expression, alphabet);
        return automaton.IsEmpty ? null : new AutomatonMachine(automaton, long.MaxValue);
    }

    private void FindClasses(Automaton first, Automaton second)
    {
        for (int value = 0; value <= byte.MaxValue; value++)
        {
            if (value == 0 || first.ClassOf[value] != first.ClassOf[value - 1] || second.ClassOf[value] != second.ClassOf[value - 1]) _firstOfClass.Add((byte)value);
        }
    }

    private void BuildPair(AutomatonState first, AutomatonState second, int next)
    {
        _edges.Clear();
        for (int i = 0; i < _firstOfClass.Count; i++) AddEdge(first, second, _firstOfClass[i], i + 1 < _firstOfClass.Count ? (byte)(_firstOfClass[i + 1] - 1) : byte.MaxValue);
        int read = list.AddRead(CollectionsMarshal.AsSpan(_edges));
        if (first.IsAccepting && second.IsAccepting) list.SetSplit(_nodes[(first, second)], read, next);
        else list.SetSplit(_nodes[(first, second)], read);
    }

    private void AddEdge(AutomatonState first, AutomatonState second, byte low, byte high)
    {
        if (first.Advance(low) is not AutomatonState nextFirst || second.Advance(low) is not AutomatonState nextSecond) return;
        int target = NodeOf(nextFirst, nextSecond);
        if (_edges.Count > 0 && _edges[^1].Target == target && _edges[^1].High + 1 == low) _edges[^1] = _edges[^1] with { High = high };
        else _edges.Add(new ByteEdge(low, high, target));
    }

    private int NodeOf(AutomatonState first, AutomatonState second)
    {
        if (_nodes.TryGetValue((first, second), out int node)) return node;
        _nodes[(first, second)] = node = list.Reserve();
        _unbuilt.Enqueue((first, second));
        return node;
    }

    private static GrammarException TooLarge() =>
        new("", FormattableString.Invariant($"Two conditions on the same text, such as a pattern and a length, are too large together (more than {MostPairs:N0} places); relax one, say by a smaller maxLength."));
}
