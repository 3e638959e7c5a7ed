namespace Llama.Model.Guidance.Automata;

/// <summary>What a place in an automaton does.</summary>
internal enum NodeKind : byte
{
    /// <summary>Reads a byte: <see cref="AutomatonNode.Count"/> edges from <see cref="AutomatonNode.First"/> on.</summary>
    Read,

    /// <summary>Goes on in any of several ways at once: <see cref="AutomatonNode.Count"/> targets from <see cref="AutomatonNode.First"/> on.</summary>
    Split,

    /// <summary>Enters the part that begins at <see cref="AutomatonNode.First"/>, to go on at <see cref="AutomatonNode.Next"/>.</summary>
    Call,

    /// <summary>Enters the part at <see cref="AutomatonNode.First"/>, or that at <see cref="AutomatonNode.Double"/>, a counted number of times, to go on at <see cref="AutomatonNode.Next"/>.</summary>
    Repeat,

    /// <summary>The end of a part, or of the whole where nothing was entered.</summary>
    Return,
}

/// <summary>A place in an automaton.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="First">Where its edges or targets begin, or the part that it enters.</param>
/// <param name="Count">Of edges or targets.</param>
/// <param name="Next">Where it goes on.</param>
/// <param name="Minimum">Fewest times of a repetition.</param>
/// <param name="Maximum">Most times of a repetition.</param>
/// <param name="Double">The part that a repetition may enter instead, which counts as two times.</param>
internal readonly record struct AutomatonNode(NodeKind Kind, int First, int Count = 0, int Next = 0, int Minimum = 0, int Maximum = 0, int Double = NodeList.DeadEnd)
{
    /// <summary>The <see cref="Maximum"/> of a repetition without end.</summary>
    public const int Unbounded = int.MaxValue;
}

/// <summary>Reads one byte out of a range, both ends included.</summary>
internal readonly record struct ByteEdge(byte Low, byte High, int Target);
