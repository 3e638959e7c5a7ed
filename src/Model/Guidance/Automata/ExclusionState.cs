namespace Llama.Model.Guidance.Automata;

/// <summary>The longest end of a text that begins an excluded word (Aho and Corasick 1975); to complete one is a dead end.</summary>
internal sealed class ExclusionState : ByteState
{
    private readonly Dictionary<byte, ExclusionState> _children = [];
    private ExclusionState? _fallback; // the state of the longest proper end; null for the root
    private bool _isExcluded;

    private ExclusionState(byte[] classOf, int classCount) : base(classOf, classCount) { }

    public override bool IsAccepting => true;

    public override int ForcedByte => -1;

    public override bool IsFinal => false;

    /// <summary>The state of the empty text.</summary>
    /// <param name="words">The excluded words, none empty.</param>
    public static ExclusionState Build(IReadOnlyList<byte[]> words)
    {
        byte[] used = [.. words.SelectMany(word => word).Distinct()];
        byte[] classOf = new byte[256]; // 0 for bytes in no word; UTF-8 has fewer than 255
        for (int i = 0; i < used.Length; i++) classOf[used[i]] = (byte)(i + 1);
        var root = new ExclusionState(classOf, used.Length + 1);
        foreach (byte[] word in words) root.Insert(word, () => new ExclusionState(classOf, used.Length + 1));
        root.Link();
        return root;
    }

    protected override ByteState Follow(byte value, out int effort)
    {
        effort = 0;
        for (ExclusionState? state = this; state is not null; state = state._fallback)
        {
            if (state._children.TryGetValue(value, out ExclusionState? next)) return next._isExcluded ? Dead : next;
        }
        return Root();
    }

    private void Insert(byte[] word, Func<ExclusionState> create)
    {
        ExclusionState state = this;
        foreach (byte value in word)
        {
            if (!state._children.TryGetValue(value, out ExclusionState? next)) state._children[value] = next = create();
            state = next;
        }
        state._isExcluded = true;
    }

    // Breadth first, so that a state's shorter ends are linked before it.
    private void Link()
    {
        var pending = new Queue<ExclusionState>([this]);
        while (pending.TryDequeue(out ExclusionState? state))
        {
            foreach ((byte value, ExclusionState child) in state._children)
            {
                ExclusionState? end = state._fallback;
                while (end is not null && !end._children.ContainsKey(value)) end = end._fallback;
                child._fallback = end is null ? this : end._children[value];
                child._isExcluded |= child._fallback._isExcluded;
                pending.Enqueue(child);
            }
        }
    }

    private ExclusionState Root()
    {
        ExclusionState state = this;
        while (state._fallback is { } shorter) state = shorter;
        return state;
    }
}
