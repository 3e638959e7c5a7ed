namespace Llama.Model.Guidance.Automata;

/// <summary>Where a text can be in an automaton: the places that read its next byte, each with the ways back from there.</summary>
internal sealed class AutomatonState : ByteState
{
    private readonly AutomatonMachine _machine;
    private readonly int _hash;
    private ByteState? _lookalike;

    public AutomatonState(AutomatonMachine machine, int[] nodes, StackSet[] stacks, bool isAccepting)
        : base(machine.Automaton.ClassOf, machine.Automaton.ClassCount)
    {
        (_machine, Nodes, Stacks, IsAccepting, Generation) = (machine, nodes, stacks, isAccepting, machine.Generation);
        var hash = new HashCode();
        foreach (int node in nodes) hash.Add(node);
        foreach (StackSet stack in stacks) hash.Add(stack);
        _hash = hash.ToHashCode();
        ForcedByte = isAccepting ? -1 : OnlyByte();
    }

    /// <summary>Equal places with the same ways back are one state.</summary>
    public static IEqualityComparer<AutomatonState> ByContent { get; } = EqualityComparer<AutomatonState>.Create(
        (a, b) => a!.IsAccepting == b!.IsAccepting && a.Nodes.AsSpan().SequenceEqual(b.Nodes) && a.Stacks.AsSpan().SequenceEqual(b.Stacks), state => state._hash);

    /// <summary>Ascending.</summary>
    public int[] Nodes { get; }

    /// <summary>By node, its ways back.</summary>
    public StackSet[] Stacks { get; }

    public override bool IsAccepting { get; }

    public override int ForcedByte { get; }

    public override bool IsFinal => Nodes.Length == 0;

    public override ByteState Lookalike(int longestToken) => _lookalike ??= _machine.Clamp(this, longestToken);

    /// <summary>How many times the machine had forgotten its states when this one was made.</summary>
    public int Generation { get; }

    /// <summary>This state made anew, where the machine has forgotten it.</summary>
    public AutomatonState? Heir { get; set; }

    /// <summary>Whether the machine knows that this state holds on to others.</summary>
    public bool IsLinked { get; private set; }

    public void Link() => IsLinked = true;

    /// <summary>Lets go of the states that this one led to.</summary>
    public void Unlink()
    {
        ForgetSuccessors();
        (_lookalike, Heir, IsLinked) = (null, null, false);
    }

    public override void Charge(long bytes)
    {
        _machine.Charge(bytes);
        _machine.Trim();
    }

    protected override ByteState Follow(byte value, out int effort) => _machine.Follow(this, value, out effort);

    private int OnlyByte()
    {
        int only = -1;
        foreach (int node in Nodes)
        {
            foreach (ByteEdge edge in _machine.Automaton.EdgesOf(node))
            {
                if (!_machine.Automaton.CanFinish(edge.Target)) continue;
                if (edge.Low != edge.High || (only >= 0 && only != edge.Low)) return -1;
                only = edge.Low;
            }
        }
        return only;
    }
}
