namespace Llama.Server.Generating;

/// <summary>
/// Takes one answer's text apart, as it comes, into what is said and which tools are called. Text that could begin a call is held back until decided, so that no half
/// call is shown as text.
/// </summary>
internal abstract class ToolCallReader
{
    /// <summary>What is said in the last piece read; valid until the next.</summary>
    public abstract ReadOnlySpan<char> Content { get; }

    /// <summary>The parts of calls in the last piece read, behind its <see cref="Content"/>.</summary>
    public abstract List<ToolCallPiece> Pieces { get; }

    /// <summary>Whether the last call is known and its arguments are not whole yet.</summary>
    public abstract bool IsInArguments { get; }

    /// <summary>UTF-16 units at the end of what was read that are held back.</summary>
    public abstract int HeldLength { get; }

    /// <summary>Whether the answer is over, whatever the model would go on to say: it may call once only, and has.</summary>
    public abstract bool IsFinished { get; }

    /// <summary>Reads on.</summary>
    /// <param name="text">The next piece of the answer; may be empty.</param>
    /// <param name="isEnd">Whether nothing follows: what was held back is decided now.</param>
    /// <param name="isCutOff">Whether that end is not the answer's own: what looks like half a call is one, and no text.</param>
    public abstract void Read(ReadOnlySpan<char> text, bool isEnd, bool isCutOff = false);
}
