namespace Llama.Model.Guidance.Automata;

/// <summary>
/// Runs an automaton deterministically, making its states as texts meet them. What it keeps is bounded: beyond that it forgets every state and begins anew, while
/// states that are still in use go on by themselves. Used by one thread at a time.
/// </summary>
internal sealed class AutomatonMachine
{
    // So many bytes to be cleared for a state, and so many places to be asked what they read, are as much work as to look at one way back.
    private const int BytesOfEffort = 256, PlacesOfEffort = 4;

    private readonly long _mostBytes;
    private readonly HashSet<AutomatonState> _states = new(AutomatonState.ByContent);
    private readonly List<AutomatonState> _linked = [];
    private readonly StackPool _stacks;
    private readonly Closure _closure;
    private readonly int _bytesOfState;
    private long _bytes;

    /// <param name="automaton">The automaton, not empty.</param>
    /// <param name="mostBytes">About how much memory its states may take.</param>
    public AutomatonMachine(Automaton automaton, long mostBytes)
    {
        (Automaton, _mostBytes, _stacks) = (automaton, mostBytes, new StackPool(automaton));
        _closure = new Closure(automaton, _stacks);
        _bytesOfState = 200 + ByteState.BytesOfEdge * automaton.ClassCount;
        Start = Begin();
    }

    public Automaton Automaton { get; }

    /// <summary>Where every text begins.</summary>
    public AutomatonState Start { get; private set; }

    /// <summary>About how much memory all that is kept takes.</summary>
    public long Bytes => _bytes + _stacks.Bytes;

    /// <summary>How many times all was forgotten.</summary>
    public int Generation { get; private set; }

    /// <summary>Number of states kept.</summary>
    public int StateCount => _states.Count;

    /// <summary>Work done so far, in ways back looked at.</summary>
    public long Effort => _closure.Effort;

    /// <summary>Notes memory that is kept with a state.</summary>
    public void Charge(long bytes) => _bytes += bytes;

    /// <summary>Forgets all states where they take too much memory. Not in the midst of a walk, which might then find some of them twice.</summary>
    public void Trim()
    {
        if (Bytes > _mostBytes) Forget();
    }

    /// <summary>Makes the state behind a byte.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="value">The byte.</param>
    /// <param name="effort">The work, in ways back looked at. It follows from the state alone, whatever is known of others.</param>
    public ByteState Follow(AutomatonState state, byte value, out int effort)
    {
        state = Present(state);
        _stacks.BeginStep();
        long before = Effort;
        for (int i = 0; i < state.Nodes.Length; i++)
        {
            foreach (ByteEdge edge in Automaton.EdgesOf(state.Nodes[i]))
            {
                if (edge.Low <= value && value <= edge.High) _closure.Read(edge.Target, state.Stacks[i]);
            }
        }
        ByteState next = Intern(_closure.Take(this));
        effort = (int)Math.Min(Effort - before + state.Nodes.Length / PlacesOfEffort + _bytesOfState / BytesOfEffort, int.MaxValue);
        return next;
    }

    /// <summary>A state with the same successors for as many bytes, in which counts far from their bounds are all the same.</summary>
    public AutomatonState Clamp(AutomatonState state, int reach)
    {
        state = Present(state);
        if (!Array.Exists(state.Stacks, stack => stack.HasCounts)) return state;
        StackSet[] stacks = [.. state.Stacks.Select(stack => _stacks.Clamp(stack, reach))];
        return (AutomatonState)Intern(new AutomatonState(this, state.Nodes, stacks, state.IsAccepting));
    }

    // The state itself, or one from before all was forgotten made anew: what it leads to, and the work to find that, then is the same as ever.
    private AutomatonState Present(AutomatonState state)
    {
        if (!state.IsLinked) _linked.Add(state);
        state.Link();
        if (state.Generation == Generation) return state;
        return state.Heir ??= (AutomatonState)Intern(new AutomatonState(this, state.Nodes, [.. state.Stacks.Select(_stacks.Adopt)], state.IsAccepting));
    }

    // A state that is still in use would keep alive all that was ever reached from it.
    private void Forget()
    {
        foreach (AutomatonState state in _linked) state.Unlink();
        _linked.Clear();
        _states.Clear();
        _stacks.Clear();
        _bytes = 0;
        Generation++;
        Start = Begin();
    }

    private AutomatonState Begin()
    {
        _closure.Add(Automaton.Start, _stacks.Bottom);
        return (AutomatonState)Intern(_closure.Take(this));
    }

    private ByteState Intern(AutomatonState state)
    {
        if (state.IsFinal && !state.IsAccepting) return ByteState.Dead;
        if (_states.TryGetValue(state, out AutomatonState? known)) return known;
        _states.Add(state);
        _bytes += _bytesOfState + 12 * state.Nodes.Length;
        return state;
    }
}
