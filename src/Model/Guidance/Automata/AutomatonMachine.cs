namespace Llama.Model.Guidance.Automata;

/// <summary>
/// Runs an automaton deterministically, making its states as texts meet them. What it keeps is bounded: beyond that it forgets every state and begins anew, while
/// states that are still in use go on by themselves. Used by one thread at a time.
/// </summary>
internal sealed class AutomatonMachine
{
    private readonly long _mostBytes;
    private readonly HashSet<AutomatonState> _states = new(AutomatonState.ByContent);
    private readonly List<AutomatonState> _linked = [];
    private readonly StackPool _stacks;
    private readonly Closure _closure;
    private long _bytes;

    /// <param name="automaton">The automaton, not empty.</param>
    /// <param name="mostBytes">About how much memory its states may take.</param>
    public AutomatonMachine(Automaton automaton, long mostBytes)
    {
        (Automaton, _mostBytes, _stacks) = (automaton, mostBytes, new StackPool(automaton));
        _closure = new Closure(automaton, _stacks);
        Start = Begin();
    }

    public Automaton Automaton { get; }

    /// <summary>Where every text begins.</summary>
    public AutomatonState Start { get; private set; }

    /// <summary>About how much memory all that is kept takes.</summary>
    public long Bytes => _bytes + _stacks.Bytes;

    /// <summary>Number of states kept.</summary>
    public int StateCount => _states.Count;

    /// <summary>Notes memory that is kept with a state.</summary>
    public void Charge(long bytes) => _bytes += bytes;

    /// <summary>Makes the state behind a byte.</summary>
    public ByteState Follow(AutomatonState state, byte value)
    {
        if (Bytes > _mostBytes) Forget();
        if (!state.IsLinked) _linked.Add(state);
        state.Link();
        for (int i = 0; i < state.Nodes.Length; i++)
        {
            foreach (ByteEdge edge in Automaton.EdgesOf(state.Nodes[i]))
            {
                if (edge.Low <= value && value <= edge.High) _closure.Read(edge.Target, state.Stacks[i]);
            }
        }
        return Intern(_closure.Take(this));
    }

    /// <summary>A state with the same successors for as many bytes, in which counts far from their bounds are all the same.</summary>
    public AutomatonState Clamp(AutomatonState state, int reach)
    {
        if (!Array.Exists(state.Stacks, stack => stack.HasCounts)) return state;
        StackSet[] stacks = [.. state.Stacks.Select(stack => _stacks.Clamp(stack, reach))];
        return (AutomatonState)Intern(new AutomatonState(this, state.Nodes, stacks, state.IsAccepting));
    }

    // A state that is still in use would keep alive all that was ever reached from it.
    private void Forget()
    {
        foreach (AutomatonState state in _linked) state.Unlink();
        _linked.Clear();
        _states.Clear();
        _stacks.Clear();
        _bytes = 0;
        Start = Begin();
    }

    private AutomatonState Begin()
    {
        _closure.Add(Automaton.Start, StackSet.Bottom);
        return (AutomatonState)Intern(_closure.Take(this));
    }

    private ByteState Intern(AutomatonState state)
    {
        if (state.IsFinal && !state.IsAccepting) return ByteState.Dead;
        if (_states.TryGetValue(state, out AutomatonState? known)) return known;
        _states.Add(state);
        _bytes += 200 + 8 * Automaton.ClassCount + 12 * state.Nodes.Length;
        return state;
    }
}
