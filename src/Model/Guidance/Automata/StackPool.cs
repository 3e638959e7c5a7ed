using System.Runtime.CompilerServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>Makes stack sets, each once.</summary>
internal sealed class StackPool(Automaton automaton)
{
    private readonly HashSet<StackSet> _sets = new(StackSet.ByContent);
    private readonly Dictionary<(StackSet, StackSet), StackSet> _unions = [];
    private readonly Dictionary<StackSet, StackSet> _clamped = [];

    /// <summary>About how much memory the pool takes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Forgets all sets; those in use stay good, only equal ones are no longer the same object.</summary>
    public void Clear()
    {
        _sets.Clear();
        _unions.Clear();
        _clamped.Clear();
        Bytes = 0;
    }

    public StackSet Push(int site, int count, StackSet parents) => Intern(new StackSet(false, [new StackFrame(site, count, parents)]));

    public StackSet Union(StackSet a, StackSet b)
    {
        if (ReferenceEquals(a, b)) return a;
        if (_unions.TryGetValue((a, b), out StackSet? known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack(); // a generation nested some ten thousand deep may fail, the process may not
        var frames = new List<StackFrame>(a.Frames.Length + b.Frames.Length);
        int i = 0, j = 0;
        while (i < a.Frames.Length || j < b.Frames.Length)
        {
            int order = i == a.Frames.Length ? 1 : j == b.Frames.Length ? -1 : Compare(a.Frames[i], b.Frames[j]);
            if (order < 0) frames.Add(a.Frames[i++]);
            else if (order > 0) frames.Add(b.Frames[j++]);
            else frames.Add(a.Frames[i] with { Parents = Union(a.Frames[i++].Parents, b.Frames[j++].Parents) });
        }
        Bytes += 64;
        return _unions[(a, b)] = Of(a.IsBottom || b.IsBottom, frames);
    }

    /// <summary>The union of one set or more.</summary>
    public StackSet Union(List<StackSet> sets)
    {
        if (sets.Count <= 2) return Union(sets[0], sets[^1]);
        StackFrame[] all = [.. sets.SelectMany(set => set.Frames)];
        Array.Sort(all, static (a, b) => Compare(a, b));
        var frames = new List<StackFrame>(all.Length);
        foreach (StackFrame frame in all)
        {
            if (frames.Count > 0 && Compare(frames[^1], frame) == 0) frames[^1] = frame with { Parents = Union(frames[^1].Parents, frame.Parents) };
            else frames.Add(frame);
        }
        return Of(sets.Exists(set => set.IsBottom), frames);
    }

    /// <summary>The same ways back with counts moved to where a token of so many bytes meets neither bound, if it meets none now.</summary>
    public StackSet Clamp(StackSet set, int reach)
    {
        if (!set.HasCounts || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) return set;
        if (_clamped.TryGetValue(set, out StackSet? clamped)) return clamped;
        clamped = Intern(new StackSet(set.IsBottom, []));
        foreach (StackFrame frame in set.Frames) clamped = Union(clamped, Push(frame.Site, Clamp(automaton[frame.Site], frame.Count, reach), Clamp(frame.Parents, reach)));
        return _clamped[set] = clamped;
    }

    private static int Clamp(in AutomatonNode site, int count, int reach)
    {
        if (site.Kind != NodeKind.Repeat) return count;
        if (count < site.Minimum) return site.Minimum - count > reach ? 0 : count;
        return site.Maximum == AutomatonNode.Unbounded || site.Maximum - count > reach ? site.Minimum : count;
    }

    // Past its minimum, a repetition that has counted less can do all that one that has counted more can: the latter goes.
    public StackSet Of(bool isBottom, List<StackFrame> frames)
    {
        int kept = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            if (!IsSurpassed(frames, kept, frames[i])) frames[kept++] = frames[i];
        }
        return Intern(new StackSet(isBottom, [.. frames.Take(kept)]));
    }

    private bool IsSurpassed(List<StackFrame> frames, int kept, StackFrame frame)
    {
        int minimum = automaton[frame.Site].Minimum;
        for (int i = kept - 1; i >= 0 && frames[i].Site == frame.Site && frames[i].Count >= minimum; i--)
        {
            if (ReferenceEquals(frames[i].Parents, frame.Parents)) return true;
        }
        return false;
    }

    private StackSet Intern(StackSet set)
    {
        if (set.IsBottom && set.Frames.Length == 0) return StackSet.Bottom;
        if (_sets.TryGetValue(set, out StackSet? known)) return known;
        _sets.Add(set);
        Bytes += 200 + 24 * set.Frames.Length; // with a union or two that led here
        return set;
    }

    private static int Compare(in StackFrame a, in StackFrame b) => a.Site != b.Site ? a.Site.CompareTo(b.Site) : a.Count.CompareTo(b.Count);
}
