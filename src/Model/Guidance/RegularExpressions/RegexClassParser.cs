namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>Reads a class in brackets.</summary>
internal sealed class RegexClassParser(RegexReader reader, RegexEscapes escapes)
{
    private const int MostRanges = 100_000; // of all classes of a pattern: each takes work to sort and a place of the automaton, and \p{L} alone has hundreds

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _ranges;

    /// <summary>Reads a class whose opening bracket has been taken.</summary>
    public CodePointSet Read()
    {
        int start = reader.Position - 1;
        bool isNegated = reader.TryTake('^');
        if (reader.Peek() == ']') throw reader.Fault(start, "an empty class is read differently by different engines; write \\] for the bracket");
        CodePointSet members = isNegated ? ClassSet.Except(ReadItems(start, set => set.Possible)) : ReadItems(start, set => set.Certain);
        return members.IsEmpty ? throw reader.Fault(start, "the class has no member that all engines agree on, so nothing could be written for it") : members;
    }

    private CodePointSet ReadItems(int start, Func<ClassSet, CodePointSet> side)
    {
        var items = new HashSet<ClassSet>();
        _names.Clear();
        while (!reader.TryTake(']'))
        {
            if (reader.IsAtEnd) throw reader.Fault(start, "the class is not closed by ']'");
            items.Add(ReadItem());
        }
        return _names.Any(name => _names.Contains(Opposite(name))) ? side(ClassSet.Anything) : Union([.. items.Select(side)], start);
    }

    private CodePointSet Union(IReadOnlyList<CodePointSet> sets, int start)
    {
        _ranges += sets.Sum(set => set.Ranges.Count);
        return _ranges <= MostRanges
            ? CodePointSet.Of(sets.SelectMany(set => set.Ranges))
            : throw reader.Fault(start, FormattableString.Invariant($"the classes up to here have more than {MostRanges:N0} ranges of characters together; use fewer with properties such as \\p{{L}}, or with negated shorthands"));
    }

    // Of [\s\S] every engine holds that it is everything, though they differ on the halves.
    private static string Opposite(string name) => (char.IsAsciiLetterUpper(name[0]) ? char.ToLowerInvariant(name[0]) : char.ToUpperInvariant(name[0])) + name[1..];

    private ClassSet ReadItem()
    {
        int start = reader.Position;
        RefuseSetOperations(start);
        if (TryReadClass(out ClassSet set)) return set;
        int first = ReadCharacter();
        if (reader.Peek() != '-' || reader.Peek(1) is ']' or '\0') return ClassSet.Exactly(CodePointSet.Range(first, first));
        RefuseSetOperations(start);
        reader.TryTake('-');
        if (TryReadClass(out _)) throw reader.Fault(start, "a range cannot end in a class such as \\d; write \\- for the hyphen");
        int last = ReadCharacter();
        return first <= last ? ClassSet.Exactly(CodePointSet.Range(first, last)) : throw reader.Fault(start, "the range's ends are the wrong way round");
    }

    private bool TryReadClass(out ClassSet set)
    {
        set = ClassSet.Nothing;
        int start = reader.Position;
        if (reader.TryTake('\\') && escapes.TryReadClass(out set, out string name))
        {
            _names.Add(name);
            return true;
        }
        reader.MoveTo(start);
        return false;
    }

    private int ReadCharacter() => reader.TryTake('\\') ? escapes.ReadCharacter(isInClass: true) : reader.TakeCodePoint("a character of the class");

    private void RefuseSetOperations(int start)
    {
        (char first, char second) = (reader.Peek(), reader.Peek(1));
        if (first == '-' && second == '[') throw reader.Fault(start, "subtraction of classes is not supported; write \\[ for the bracket, or list the characters wanted");
        if (first == '[' && second is (':' or '.' or '=')) throw reader.Fault(start, "POSIX classes such as [:alpha:] are not supported; write a-zA-Z, or \\[ for the bracket");
        if (first == '&' && second == '&') throw reader.Fault(start, "intersection of classes is not supported; write \\& for the sign");
    }
}
