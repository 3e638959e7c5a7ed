namespace Llama.Model.Guidance;

/// <summary>A set of Unicode scalar values (surrogates are never members) as sorted, disjoint, non-adjacent ranges. Immutable.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF, FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    private CodePointSet(CodePointRange[] ranges) => Ranges = ranges;

    public static CodePointSet Nothing { get; } = new([]);

    /// <summary>Every scalar value.</summary>
    public static CodePointSet All { get; } = Of([new CodePointRange(0, Last)]);

    /// <summary>Ascending, disjoint, with gaps between.</summary>
    public IReadOnlyList<CodePointRange> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    /// <summary>The scalar values of these ranges, in any order and overlapping as they may.</summary>
    public static CodePointSet Of(IEnumerable<CodePointRange> ranges)
    {
        var merged = new List<CodePointRange>();
        foreach (CodePointRange range in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1) merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            else merged.Add(range);
        }
        return new CodePointSet([.. merged]);
    }

    public static CodePointSet Range(int first, int last) => Of([new CodePointRange(first, last)]);

    public static CodePointSet Characters(string characters) => Of(characters.EnumerateRunes().Select(rune => new CodePointRange(rune.Value, rune.Value)));

    public bool Contains(int codePoint) => Ranges.Any(range => range.First <= codePoint && codePoint <= range.Last);

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Complement()
    {
        var gaps = new List<CodePointRange>();
        int next = 0;
        foreach (CodePointRange range in Ranges)
        {
            if (next < range.First) gaps.Add(new CodePointRange(next, range.First - 1));
            next = range.Last + 1;
        }
        if (next <= Last) gaps.Add(new CodePointRange(next, Last));
        return Of(gaps);
    }

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    public CodePointSet Except(CodePointSet other) => Intersect(other.Complement());

    private static IEnumerable<CodePointRange> WithoutSurrogates(CodePointRange range)
    {
        if (range.First < FirstSurrogate) yield return range with { Last = Math.Min(range.Last, FirstSurrogate - 1) };
        if (range.Last > LastSurrogate) yield return range with { First = Math.Max(range.First, LastSurrogate + 1) };
    }
}

/// <summary>Scalar values from one to another, both included.</summary>
internal readonly record struct CodePointRange(int First, int Last);
