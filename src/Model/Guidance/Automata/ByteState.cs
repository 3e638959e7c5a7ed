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
    private readonly ByteState?[] _next = new ByteState?[classCount];

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

    /// <summary>Notes memory that is kept with this state.</summary>
    public virtual void Charge(long bytes) { }

    /// <summary>The tokens that may come next, kept here by those who find them.</summary>
    public ulong[]? Mask { get; set; }

    /// <summary>The token that is forced, kept here likewise; null until worked out.</summary>
    public int? ForcedToken { get; set; }

    /// <summary>About how much work it is to find a successor, in places to look at.</summary>
    public virtual int Width => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteState Advance(byte value) => _next[classOf[value]] ?? (_next[classOf[value]] = Follow(value));

    protected abstract ByteState Follow(byte value);

    /// <summary>Lets go of its successors, which are found anew when next asked for.</summary>
    protected void ForgetSuccessors() => Array.Clear(_next);

    private sealed class DeadState() : ByteState(new byte[256], 1)
    {
        public override bool IsAccepting => false;

        public override int ForcedByte => -1;

        public override bool IsFinal => true;

        protected override ByteState Follow(byte value) => this;
    }
}
