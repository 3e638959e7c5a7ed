using System.Runtime.CompilerServices;

namespace Llama.Model.Guidance.Automata;

/// <summary>
/// A state of an automaton that reads bytes. Its successors are found when first asked for and then kept, so that a step is a look into a table.
/// States belong to one thread at a time.
/// </summary>
/// <param name="classOf">By byte, its class. [256]</param>
/// <param name="classCount">Number of classes.</param>
internal abstract class ByteState(byte[] classOf, int classCount)
{
    /// <summary>What a class takes in memory.</summary>
    public const int BytesOfEdge = 16;

    private readonly Edge[] _edges = new Edge[classCount];

    /// <summary>The state from which nothing can be completed; it is never advanced.</summary>
    public static ByteState Dead { get; } = new DeadState();

    /// <summary>Whether what was read may be the whole text.</summary>
    public abstract bool IsAccepting { get; }

    /// <summary>The one byte that can follow, where the text may not end; −1 where there is a choice.</summary>
    public abstract int ForcedByte { get; }

    /// <summary>Whether no byte may follow.</summary>
    public abstract bool IsFinal { get; }

    /// <summary>A state that allows the same tokens, for all that a token of some bytes can tell; by default only itself.</summary>
    public virtual ByteState Lookalike(int longestToken) => this;

    /// <summary>Notes memory that is kept with this state. All states may be forgotten then: not in the midst of a walk.</summary>
    public virtual void Charge(long bytes) { }

    /// <summary>The tokens that may come next, kept here by those who find them.</summary>
    public ulong[]? Mask { get; set; }

    /// <summary>The token that is forced, kept here likewise; null until worked out.</summary>
    public int? ForcedToken { get; set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteState Advance(byte value) => _edges[classOf[value]].Next ?? Find(value);

    /// <summary>Advances, and notes what work it is to find the successor: once in a walk, though it was found long before, so that the work of a walk follows from where it starts.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="walk">Number of the walk, not 0.</param>
    /// <param name="effort">The work of the walk so far.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteState Advance(byte value, int walk, ref long effort)
    {
        ByteState next = Advance(value);
        ref Edge edge = ref _edges[classOf[value]];
        if (edge.Walk == walk) return next;
        edge.Walk = walk;
        effort += edge.Effort;
        return next;
    }

    /// <summary>Finds a successor.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="effort">How much work that is where nothing was found before, see <see cref="AutomatonMachine.Effort"/>.</param>
    protected abstract ByteState Follow(byte value, out int effort);

    /// <summary>Lets go of its successors, which are found anew when next asked for.</summary>
    protected void ForgetSuccessors() => Array.Clear(_edges);

    private ByteState Find(byte value)
    {
        ByteState next = Follow(value, out int effort);
        _edges[classOf[value]] = new Edge { Next = next, Effort = effort };
        return next;
    }

    private struct Edge
    {
        public ByteState? Next;
        public int Effort;
        public int Walk; // the last one that came along
    }

    private sealed class DeadState() : ByteState(new byte[256], 1)
    {
        public override bool IsAccepting => false;

        public override int ForcedByte => -1;

        public override bool IsFinal => true;

        protected override ByteState Follow(byte value, out int effort)
        {
            effort = 0;
            return this;
        }
    }
}
