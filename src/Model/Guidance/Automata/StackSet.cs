namespace Llama.Model.Guidance.Automata;

/// <summary>
/// All the ways back from a place: the parts to return to, and from there on. Ways that share a beginning are one frame, so that ambiguity costs little
/// (the graph-structured stack of generalised parsing, Tomita 1985). Sets that are equal are the same object.
/// </summary>
internal sealed class StackSet(bool isBottom, StackFrame[] frames)
{
    private readonly int _hash = HashOf(isBottom, frames);

    /// <summary>Compares frames, whose parents are the same object where they are equal.</summary>
    public static IEqualityComparer<StackSet> ByContent { get; } = new ContentComparer();

    /// <summary>Whether one way back is that nothing was entered: the end of the text.</summary>
    public bool IsBottom => isBottom;

    /// <summary>By site, then count.</summary>
    public StackFrame[] Frames => frames;

    /// <summary>Whether some frame counts.</summary>
    public bool HasCounts { get; } = Array.Exists(frames, frame => frame.Count > 0 || frame.Parents.HasCounts);

    /// <summary>The set without ways back that are surpassed, kept here by the pool; null until worked out.</summary>
    public StackSet? Reduced { get; set; }

    /// <summary>The last pass of the pool that met this set.</summary>
    public long Pass { get; set; }

    /// <summary>That of the content; equal is only the same object.</summary>
    public override int GetHashCode() => _hash;

    private static int HashOf(bool isBottom, ReadOnlySpan<StackFrame> frames)
    {
        var hash = new HashCode();
        hash.Add(isBottom);
        foreach (StackFrame frame in frames) hash.Add(HashCode.Combine(frame.Site, frame.Count, frame.Parents._hash));
        return hash.ToHashCode();
    }

    private sealed class ContentComparer : IEqualityComparer<StackSet>, IAlternateEqualityComparer<StackContent, StackSet>
    {
        public bool Equals(StackSet? a, StackSet? b) => a!._hash == b!._hash && Equals(new StackContent(a.IsBottom, a.Frames), b);

        public int GetHashCode(StackSet set) => set._hash;

        public bool Equals(StackContent content, StackSet set) => content.IsBottom == set.IsBottom && content.Frames.SequenceEqual(set.Frames);

        public int GetHashCode(StackContent content) => HashOf(content.IsBottom, content.Frames);

        public StackSet Create(StackContent content) => new(content.IsBottom, content.Frames.ToArray());
    }
}

/// <summary>What a stack set is to hold: it is made only where there is none yet.</summary>
internal readonly ref struct StackContent(bool isBottom, ReadOnlySpan<StackFrame> frames)
{
    public bool IsBottom { get; } = isBottom;

    public ReadOnlySpan<StackFrame> Frames { get; } = frames;
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
