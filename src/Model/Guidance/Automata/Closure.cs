using System.Runtime.InteropServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>
/// Follows nodes that read nothing to those that read. Where a node is reached in several ways it keeps the union of their stacks and is looked at again when that
/// grows, until nothing does; parts that enter themselves without reading have been refused, so stacks stay finite.
/// </summary>
internal sealed class Closure(Automaton automaton, StackPool stacks)
{
    private const int CostOfPlace = 3; // in ways back looked at

    private readonly StackSet?[] _reached = new StackSet?[automaton.NodeCount];
    private readonly List<int> _touched = [];
    private readonly Stack<int> _pending = new();
    private readonly bool[] _isPending = new bool[automaton.NodeCount];
    private readonly Dictionary<(int, StackSet), int> _lowest = []; // by repetition and ways back, the lowest count past the minimum
    private readonly List<StackFrame> _again = []; // of the repetition at hand, by count
    private readonly List<StackFrame> _twice = []; // those of them that have room for two, one of which is counted
    private readonly List<(int Node, StackSet Stack)> _read = []; // where a byte leads
    private readonly List<StackSet> _together = []; // the ways to one node
    private long _places;

    /// <summary>Work done so far, in ways back looked at.</summary>
    public long Effort => CostOfPlace * _places + stacks.Effort;

    public void Add(int node, StackSet stack)
    {
        _places++;
        if (!automaton.CanFinish(node)) return;
        StackSet? earlier = _reached[node], all = earlier is null ? stack : stacks.Union(earlier, stack);
        if (ReferenceEquals(all, earlier)) return;
        if (earlier is null) _touched.Add(node);
        _reached[node] = all;
        if (automaton[node].Kind == NodeKind.Read || _isPending[node]) return;
        _isPending[node] = true;
        _pending.Push(node);
    }

    /// <summary>Notes where a byte leads. Ways to one node are merged all at once when the state is made: one by one, hundreds of them would be looked through hundreds of times.</summary>
    public void Read(int node, StackSet stack)
    {
        if (automaton.CanFinish(node)) _read.Add((node, stack));
    }

    /// <summary>Makes the state of all that was added and read, and starts over.</summary>
    public AutomatonState Take(AutomatonMachine machine)
    {
        try
        {
            AddRead();
            while (_pending.TryPop(out int node))
            {
                _isPending[node] = false;
                Expand(node, _reached[node]!);
            }
            _touched.Sort();
            int[] nodes = [.. _touched.Where(node => automaton[node].Kind == NodeKind.Read)];
            StackSet[] ways = [.. nodes.Select(node => stacks.Reduce(_reached[node]!))];
            return new AutomatonState(machine, nodes, ways, isAccepting: _reached[NodeList.Return] is { IsBottom: true });
        }
        finally
        {
            Clear(); // also where stacks are nested too deeply: others use the machine too
        }
    }

    private void Clear()
    {
        foreach (int node in _touched) (_reached[node], _isPending[node]) = (null, false);
        _touched.Clear();
        _pending.Clear();
        _lowest.Clear();
        _again.Clear();
        _twice.Clear();
        _read.Clear();
        _together.Clear();
    }

    private void AddRead()
    {
        if (_read.Count > 1) _read.Sort(static (a, b) => a.Node.CompareTo(b.Node));
        for (int first = 0, end; first < _read.Count; first = end)
        {
            for (end = first; end < _read.Count && _read[end].Node == _read[first].Node; end++) _together.Add(_read[end].Stack);
            Add(_read[first].Node, stacks.Union(_together));
            _together.Clear();
        }
    }

    private void Expand(int index, StackSet stack)
    {
        ref readonly AutomatonNode node = ref automaton[index];
        switch (node.Kind)
        {
            case NodeKind.Split:
                foreach (int target in automaton.TargetsOf(index)) Add(target, stack);
                break;
            case NodeKind.Call:
                // A call with nothing behind it need not come back: lists may grow without end on a short stack.
                Add(node.First, node.Next == NodeList.Return ? stack : stacks.Push(index, 0, stack));
                break;
            case NodeKind.Repeat:
                Repeat(index, 0, stack);
                GoOn(index);
                break;
            case NodeKind.Return:
                Leave(stack.Frames);
                break;
        }
    }

    // The counts of one repetition go on together: one by one, thousands of them would take the square of their number.
    private void Leave(StackFrame[] frames)
    {
        for (int first = 0, end; first < frames.Length; first = end)
        {
            int site = frames[first].Site;
            for (end = first; end < frames.Length && frames[end].Site == site; end++)
            {
                if (automaton[site].Kind == NodeKind.Call) Add(automaton[site].Next, frames[end].Parents);
                else Repeat(site, Next(automaton[site], frames[end].Count), frames[end].Parents);
            }
            GoOn(site);
        }
    }

    private void GoOn(int site)
    {
        ref readonly AutomatonNode node = ref automaton[site];
        if (automaton.CanFinish(node.Double)) EnterDouble(node);
        if (_again.Count > 0) Add(node.First, stacks.Of(false, CollectionsMarshal.AsSpan(_again)));
        _again.Clear();
    }

    private void EnterDouble(in AutomatonNode node)
    {
        foreach (StackFrame frame in _again)
        {
            if (frame.Count + 2 <= node.Maximum) _twice.Add(frame with { Count = frame.Count + 1 });
        }
        if (_twice.Count > 0) Add(node.Double, stacks.Of(false, CollectionsMarshal.AsSpan(_twice)));
        _twice.Clear();
    }

    private static int Next(in AutomatonNode site, int count) => site.Maximum == AutomatonNode.Unbounded ? Math.Min(count + 1, site.Minimum) : count + 1;

    // Leaves a repetition where it may be left, and notes where it goes on.
    private void Repeat(int site, int count, StackSet stack)
    {
        ref readonly AutomatonNode node = ref automaton[site];
        if (count >= node.Minimum)
        {
            Add(node.Next, stack);
            if (_lowest.TryGetValue((site, stack), out int lowest) && lowest <= count) return;
            _lowest[(site, stack)] = count;
        }
        if (count >= node.Maximum) return;
        if (_again.Count > 0 && _again[^1].Count == count) _again[^1] = _again[^1] with { Parents = stacks.Union(_again[^1].Parents, stack) };
        else _again.Add(new StackFrame(site, count, stack));
    }
}
