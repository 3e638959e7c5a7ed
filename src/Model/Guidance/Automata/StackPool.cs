using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>Makes stack sets, each once. Of those that a step makes, the ones on the way to its end are forgotten with the next.</summary>
internal sealed class StackPool
{
    private const int CostOfUnion = 8; // in ways back looked at
    private const int MostCleared = 1000; // to clear a larger table takes long, however little is in it

    private readonly Automaton _automaton;
    private readonly HashSet<StackSet> _kept = new(StackSet.ByContent);
    private readonly Dictionary<StackSet, StackSet> _clamped = [], _adopted = [];
    private readonly List<StackFrame> _merged = []; // of the sets that are being made, one behind the other
    private HashSet<StackSet> _passing = new(StackSet.ByContent);
    private Dictionary<(StackSet, StackSet), StackSet> _unions = [];
    private long _pass; // over the frames of one site

    public StackPool(Automaton automaton) => _automaton = automaton;

    /// <summary>Where nothing was entered.</summary>
    public StackSet Bottom { get; } = new(true, []);

    /// <summary>About how much memory the sets that are kept take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Work done so far, in ways back looked at. What is found again is work as well, but within one step.</summary>
    public long Effort { get; private set; }

    /// <summary>Forgets all sets; those in use stay good, only equal ones are no longer the same object.</summary>
    public void Clear()
    {
        _kept.Clear();
        _clamped.Clear();
        _adopted.Clear();
        BeginStep();
        Bytes = 0;
    }

    /// <summary>Forgets what was on the way, and what was merged: the work of a step is the same whatever came before.</summary>
    public void BeginStep()
    {
        if (_unions.Count > MostCleared) _unions = [];
        if (_passing.Count > MostCleared) _passing = new(StackSet.ByContent);
        _unions.Clear();
        _passing.Clear();
        _merged.Clear();
    }

    /// <summary>The set of this pool that equals one from before it was cleared; where that is nested too deeply, itself.</summary>
    public StackSet Adopt(StackSet set)
    {
        if (set == Bottom || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) return set;
        if (_adopted.TryGetValue(set, out StackSet? adopted)) return adopted;
        StackFrame[] frames = [.. set.Frames.Select(frame => frame with { Parents = Adopt(frame.Parents) })];
        return _adopted[set] = Keep(Get(new StackContent(set.IsBottom, frames)));
    }

    public StackSet Push(int site, int count, StackSet parents) => Get(new StackContent(false, [new StackFrame(site, count, parents)]));

    /// <summary>
    /// All ways back of either set. Nothing is left out, though it be surpassed: a set that is added to again and again must grow for that to end.
    /// See <see cref="Reduce"/>.
    /// </summary>
    public StackSet Union(StackSet a, StackSet b)
    {
        if (ReferenceEquals(a, b)) return a;
        if (_unions.TryGetValue((a, b), out StackSet? known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack(); // a generation nested some ten thousand deep may fail, the process may not
        Effort += CostOfUnion + a.Frames.Length + b.Frames.Length;
        int start = _merged.Count, i = 0, j = 0;
        while (i < a.Frames.Length || j < b.Frames.Length)
        {
            int order = i == a.Frames.Length ? 1 : j == b.Frames.Length ? -1 : Compare(a.Frames[i], b.Frames[j]);
            if (order < 0) _merged.Add(a.Frames[i++]);
            else if (order > 0) _merged.Add(b.Frames[j++]);
            else _merged.Add(a.Frames[i] with { Parents = Union(a.Frames[i++].Parents, b.Frames[j++].Parents) });
        }
        StackSet union = Get(new StackContent(a.IsBottom || b.IsBottom, CollectionsMarshal.AsSpan(_merged)[start..]));
        CollectionsMarshal.SetCount(_merged, start);
        return _unions[(a, b)] = union;
    }

    /// <summary>The union of one set or more.</summary>
    public StackSet Union(List<StackSet> sets)
    {
        if (sets.Count <= 2) return Union(sets[0], sets[^1]);
        StackFrame[] all = [.. sets.SelectMany(set => set.Frames)];
        Effort += all.Length;
        Array.Sort(all, static (a, b) => Compare(a, b));
        int count = 0;
        foreach (StackFrame frame in all)
        {
            if (count > 0 && Compare(all[count - 1], frame) == 0) all[count - 1] = frame with { Parents = Union(all[count - 1].Parents, frame.Parents) };
            else all[count++] = frame;
        }
        return Of(sets.Exists(set => set.IsBottom), all.AsSpan(..count));
    }

    /// <summary>The same ways back with counts moved to where a token of so many bytes meets neither bound, if it meets none now.</summary>
    public StackSet Clamp(StackSet set, int reach)
    {
        if (!set.HasCounts || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) return set;
        if (_clamped.TryGetValue(set, out StackSet? clamped)) return clamped;
        clamped = Get(new StackContent(set.IsBottom, []));
        foreach (StackFrame frame in set.Frames) clamped = Union(clamped, Push(frame.Site, Clamp(_automaton[frame.Site], frame.Count, reach), Clamp(frame.Parents, reach)));
        return _clamped[set] = Reduce(clamped);
    }

    private static int Clamp(in AutomatonNode site, int count, int reach)
    {
        if (site.Kind != NodeKind.Repeat) return count;
        if (count < site.Minimum) return site.Minimum - count > reach ? 0 : count;
        return site.Maximum == AutomatonNode.Unbounded || site.Maximum - count > reach ? site.Minimum : count;
    }

    /// <summary>The set of some frames, in order, without those that are surpassed.</summary>
    /// <param name="isBottom">Whether one way back is the end.</param>
    /// <param name="frames">The frames; what is left here means nothing.</param>
    public StackSet Of(bool isBottom, Span<StackFrame> frames)
    {
        int kept = 0;
        foreach (StackFrame frame in frames)
        {
            if (kept == 0 || frames[kept - 1].Site != frame.Site) _pass++;
            if (!IsSurpassed(frame)) frames[kept++] = frame;
        }
        return Get(new StackContent(isBottom, frames[..kept]));
    }

    /// <summary>The same ways back without those that are surpassed.</summary>
    public StackSet Reduce(StackSet set)
    {
        if (set.Reduced is { } known) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int start = _merged.Count;
        foreach (StackFrame frame in set.Frames) _merged.Add(frame with { Parents = Reduce(frame.Parents) });
        StackSet reduced = Of(set.IsBottom, CollectionsMarshal.AsSpan(_merged)[start..]);
        CollectionsMarshal.SetCount(_merged, start);
        reduced.Reduced = reduced;
        return set.Reduced = Keep(reduced);
    }

    // Past its minimum, a repetition that has counted less can do all that one that has counted more can: the latter is surpassed.
    private bool IsSurpassed(in StackFrame frame)
    {
        if (frame.Count < _automaton[frame.Site].Minimum) return false;
        if (frame.Parents.Pass == _pass) return true;
        frame.Parents.Pass = _pass;
        return false;
    }

    private StackSet Get(in StackContent content)
    {
        if (content.IsBottom && content.Frames.Length == 0) return Bottom;
        if (_kept.GetAlternateLookup<StackContent>().TryGetValue(content, out StackSet? known)) return known;
        if (_passing.GetAlternateLookup<StackContent>().TryGetValue(content, out known)) return known;
        StackSet set = new(content.IsBottom, content.Frames.ToArray());
        _passing.Add(set);
        return set;
    }

    private StackSet Keep(StackSet set)
    {
        if (set != Bottom && _kept.Add(set)) Bytes += 200 + 24 * set.Frames.Length;
        return set;
    }

    private static int Compare(in StackFrame a, in StackFrame b) => a.Site != b.Site ? a.Site.CompareTo(b.Site) : a.Count.CompareTo(b.Count);
}
