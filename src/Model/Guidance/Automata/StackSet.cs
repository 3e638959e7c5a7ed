namespace Llama.Model.Guidance.Automata;

/// <summary>
/// All the ways back from a place: the parts to return to, and from there on. Ways that share a beginning are one frame, so that ambiguity costs little
/// (the graph-structured stack of generalised parsing, Tomita 1985). Sets that are equal are the same object.
/// </summary>
internal sealed class StackSet(bool isBottom, StackFrame[] frames)
{
    private readonly int _hash = HashOf(isBottom, frames);

    /// <summary>Where nothing was entered.</summary>
    public static StackSet Bottom { get; } = new(true, []);

    /// <summary>Whether one way back is that nothing was entered: the end of the text.</summary>
    public bool IsBottom => isBottom;

    /// <summary>By site, then count.</summary>
    public StackFrame[] Frames => frames;

    /// <summary>Whether some frame counts.</summary>
    public bool HasCounts { get; } = Array.Exists(frames, frame => frame.Count > 0 || frame.Parents.HasCounts);

    /// <summary>Compares frames, whose parents are the same object where they are equal.</summary>
    public static IEqualityComparer<StackSet> ByContent { get; } = EqualityComparer<StackSet>.Create(
        (a, b) => a!.IsBottom == b!.IsBottom && a._hash == b._hash && a.Frames.AsSpan().SequenceEqual(b.Frames), set => set._hash);

    private static int HashOf(bool isBottom, StackFrame[] frames)
    {
        var hash = new HashCode();
        hash.Add(isBottom);
        foreach (StackFrame frame in frames) hash.Add(HashCode.Combine(frame.Site, frame.Count, frame.Parents._hash));
        return hash.ToHashCode();
    }
}

/// <summary>A part that was entered.</summary>
/// <param name="Site">The node that entered it.</param>
/// <param name="Count">For a repetition, how many times it is through.</param>
/// <param name="Parents">The ways back from the site.</param>
internal readonly record struct StackFrame(int Site, int Count, StackSet Parents)
{
    public bool Equals(StackFrame other) => Site == other.Site && Count == other.Count && ReferenceEquals(Parents, other.Parents);

    public override int GetHashCode() => HashCode.Combine(Site, Count);
}
