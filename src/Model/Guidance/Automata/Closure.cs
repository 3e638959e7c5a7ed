namespace Llama.Model.Guidance.Automata;

/// <summary>
/// Follows nodes that read nothing to those that read. Where a node is reached in several ways it keeps the union of their stacks and is looked at again when that
/// grows, until nothing does; parts that enter themselves without reading have been refused, so stacks stay finite.
/// </summary>
internal sealed class Closure(Automaton automaton, StackPool stacks)
{
    private readonly StackSet?[] _reached = new StackSet?[automaton.NodeCount];
    private readonly List<int> _touched = [];
    private readonly Stack<int> _pending = new();
    private readonly Dictionary<(int, StackSet), int> _lowest = []; // by repetition and ways back, the lowest count past the minimum

    public void Add(int node, StackSet stack)
    {
        if (!automaton.CanFinish(node)) return;
        StackSet? earlier = _reached[node], all = earlier is null ? stack : stacks.Union(earlier, stack);
        if (ReferenceEquals(all, earlier)) return;
        if (earlier is null) _touched.Add(node);
        _reached[node] = all;
        if (automaton[node].Kind != NodeKind.Read) _pending.Push(node);
    }

    /// <summary>Makes the state of all that was added, and starts over.</summary>
    public AutomatonState Take(AutomatonMachine machine)
    {
        while (_pending.TryPop(out int node)) Expand(node, _reached[node]!);
        _touched.Sort();
        int[] nodes = [.. _touched.Where(node => automaton[node].Kind == NodeKind.Read)];
        StackSet[] ways = [.. nodes.Select(node => _reached[node]!)];
        bool isAccepting = _reached[NodeList.Return] is { IsBottom: true };
        foreach (int node in _touched) _reached[node] = null;
        _touched.Clear();
        _lowest.Clear();
        return new AutomatonState(machine, nodes, ways, isAccepting);
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
                break;
            case NodeKind.Return:
                foreach (StackFrame frame in stack.Frames) Leave(frame);
                break;
        }
    }

    private void Leave(in StackFrame frame)
    {
        ref readonly AutomatonNode site = ref automaton[frame.Site];
        if (site.Kind == NodeKind.Call) Add(site.Next, frame.Parents);
        else Repeat(frame.Site, site.Maximum == AutomatonNode.Unbounded ? Math.Min(frame.Count + 1, site.Minimum) : frame.Count + 1, frame.Parents);
    }

    private void Repeat(int site, int count, StackSet stack)
    {
        ref readonly AutomatonNode node = ref automaton[site];
        if (count >= node.Minimum)
        {
            Add(node.Next, stack);
            if (_lowest.TryGetValue((site, stack), out int lowest) && lowest <= count) return;
            _lowest[(site, stack)] = count;
        }
        if (count < node.Maximum) Add(node.First, stacks.Push(site, count, stack));
    }
}
