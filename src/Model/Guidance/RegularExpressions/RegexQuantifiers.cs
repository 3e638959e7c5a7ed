namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>Reads <c>?</c>, <c>*</c>, <c>+</c> and counts in braces. Lazy forms describe the same texts as greedy ones.</summary>
internal sealed class RegexQuantifiers(RegexReader reader)
{
    private const int LargestCount = 100_000;

    // Counts within counts multiply the places that an ambiguous output may be at, and every token costs that much.
    private const long LargestProduct = 10_000;

    /// <summary>Reads the quantifier behind an item, if there is one.</summary>
    public Expression Read(Expression item, int start)
    {
        if (!TryRead(out int minimum, out int? maximum)) return item;
        if (item is Anchor) throw reader.Fault(start, "an anchor cannot be repeated");
        if (maximum < minimum) throw reader.Fault(start, $"{{{minimum},{maximum}}} asks for more than it allows");
        if (Math.Max(minimum, maximum ?? 0) > LargestCount) throw reader.Fault(start, FormattableString.Invariant($"a repetition may count to {LargestCount:N0} at most; leave the upper bound open"));
        reader.TryTake('?');
        if (reader.Peek() is '*' or '+' or '?' || IsBraceCount())
            throw reader.Fault(reader.Position, "a repetition stands behind a repetition; possessive ones are not supported, and others need a group, as in (?:a+)*");
        var repetition = new Repetition(item, minimum, maximum);
        return CountsIn(repetition) <= LargestProduct || CountsIn(item) == 1 ? repetition : throw reader.Fault(start, FormattableString.Invariant($"counted repetitions inside each other multiply to more than {LargestProduct:N0}"));
    }

    /// <summary>Whether a brace that has just been taken begins a count; others stand for themselves.</summary>
    public bool IsCount()
    {
        int start = reader.Position;
        int? minimum = reader.TakeNumber();
        bool hasComma = reader.TryTake(',');
        bool isCount = (reader.TakeNumber() is not null || minimum is not null) && reader.TryTake('}');
        reader.MoveTo(start);
        if (isCount && minimum is null && hasComma) throw reader.Fault(start - 1, "{,n} is read differently by different engines; write {0,n}, or \\{ for the brace");
        return isCount;
    }

    private bool TryRead(out int minimum, out int? maximum)
    {
        (minimum, maximum) = (0, null);
        if (reader.TryTake('*')) return true;
        if (reader.TryTake('+')) minimum = 1;
        else if (reader.TryTake('?')) maximum = 1;
        else if (IsBraceCount()) (minimum, maximum) = TakeCount();
        else return false;
        return true;
    }

    private bool IsBraceCount()
    {
        int start = reader.Position;
        bool isCount = reader.TryTake('{') && IsCount();
        reader.MoveTo(start);
        return isCount;
    }

    private (int Minimum, int? Maximum) TakeCount()
    {
        reader.TryTake('{');
        int minimum = reader.TakeNumber()!.Value;
        int? maximum = reader.TryTake(',') ? reader.TakeNumber() : minimum;
        reader.TryTake('}');
        return (minimum, maximum);
    }

    // The largest product of counts along one way down.
    private static long CountsIn(Expression expression) => expression switch
    {
        Repetition repetition => Math.Max(1, Math.Max(repetition.Minimum, repetition.Maximum ?? 1)) * CountsIn(repetition.Item),
        Concatenation sequence => sequence.Items.Max(CountsIn),
        Alternation choice => choice.Items.Max(CountsIn),
        _ => 1,
    };
}
