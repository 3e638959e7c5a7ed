namespace Llama.Model.Guidance.Automata;

/// <summary>Finds a part that enters itself again before it has read anything, which no automaton could ever leave.</summary>
internal sealed class LeftRecursion(NodeList list, bool[] canFinishEmpty)
{
    private readonly Dictionary<int, HashSet<int>> _entered = []; // by a part's first node, the parts it enters without reading

    /// <summary>The first node of a part on a circle, or null.</summary>
    public int? Find(IEnumerable<int> parts)
    {
        var pending = new Stack<int>(parts);
        while (pending.TryPop(out int part))
        {
            if (_entered.ContainsKey(part)) continue;
            _entered[part] = Enters(part);
            foreach (int next in _entered[part]) pending.Push(next);
        }
        RemoveThoseThatEnd();
        return _entered.Count > 0 ? OnCircle() : null;
    }

    private HashSet<int> Enters(int part)
    {
        var entered = new HashSet<int>();
        var seen = new HashSet<int>();
        var pending = new Stack<int>([part]);
        while (pending.TryPop(out int index))
        {
            if (!seen.Add(index)) continue;
            AutomatonNode node = list.Nodes[index];
            if (node.Kind is NodeKind.Call or NodeKind.Repeat)
            {
                entered.Add(node.First);
                bool isPassed = canFinishEmpty[node.First] || (node.Kind == NodeKind.Repeat && node.Minimum == 0);
                if (isPassed) pending.Push(node.Next);
            }
            else if (node.Kind == NodeKind.Split)
            {
                foreach (int target in new Successors(list, node)) pending.Push(target);
            }
        }
        return entered;
    }

    private void RemoveThoseThatEnd()
    {
        ILookup<int, int> enterers = _entered.SelectMany(pair => pair.Value.Select(entered => (entered, Enterer: pair.Key))).ToLookup(pair => pair.entered, pair => pair.Enterer);
        var ending = new Stack<int>(_entered.Where(pair => pair.Value.Count == 0).Select(pair => pair.Key));
        while (ending.TryPop(out int part))
        {
            _entered.Remove(part);
            foreach (int enterer in enterers[part])
            {
                if (_entered[enterer].Remove(part) && _entered[enterer].Count == 0) ending.Push(enterer);
            }
        }
    }

    // Every part left enters another one left: following them must come round.
    private int OnCircle()
    {
        var seen = new HashSet<int>();
        int part = _entered.Keys.First();
        while (seen.Add(part)) part = _entered[part].First();
        return part;
    }
}
