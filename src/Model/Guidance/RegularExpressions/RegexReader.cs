using System.Globalization;
using System.Text;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>Reads a pattern character by character and says where something is wrong in it.</summary>
internal sealed class RegexReader(string pattern)
{
    public int Position { get; private set; }

    public bool IsAtEnd => Position >= pattern.Length;

    /// <summary>The next UTF-16 unit, or NUL at the end; look at <see cref="IsAtEnd"/> where a pattern may hold one.</summary>
    public char Peek(int ahead = 0) => Position + ahead < pattern.Length ? pattern[Position + ahead] : '\0';

    public bool TryTake(char expected)
    {
        if (IsAtEnd || Peek() != expected) return false;
        Position++;
        return true;
    }

    public bool TryTake(string expected)
    {
        if (!pattern.AsSpan(Position).StartsWith(expected, StringComparison.Ordinal)) return false;
        Position += expected.Length;
        return true;
    }

    /// <summary>Takes one character, which may be two units.</summary>
    public int TakeCodePoint(string what)
    {
        if (IsAtEnd) throw Fault(Position, $"the pattern ends where {what} should be");
        if (!Rune.TryGetRuneAt(pattern, Position, out Rune rune)) throw Fault(Position, "half a surrogate pair stands alone, which no text can hold");
        Position += rune.Utf16SequenceLength;
        return rune.Value;
    }

    /// <summary>Takes hexadecimal digits, exactly so many.</summary>
    public int TakeHex(int digits, int start)
    {
        ReadOnlySpan<char> rest = pattern.AsSpan(Position);
        if (rest.Length < digits || !int.TryParse(rest[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
            throw Fault(start, $"'{pattern.AsSpan(start, Position - start)}' needs {digits} hexadecimal digits");
        Position += digits;
        return value;
    }

    /// <summary>Takes all up to a closing character, and that too.</summary>
    public string TakeThrough(char close, int start)
    {
        int end = pattern.IndexOf(close, Position);
        if (end < 0) throw Fault(start, $"'{pattern.AsSpan(start, Position - start)}' is not closed by '{close}'");
        string taken = pattern[Position..end];
        Position = end + 1;
        return taken;
    }

    /// <summary>Takes decimal digits, if there are any; too many count as the largest number.</summary>
    public int? TakeNumber()
    {
        int start = Position;
        while (char.IsAsciiDigit(Peek())) Position++;
        return Position == start ? null : int.TryParse(pattern.AsSpan(start, Position - start), CultureInfo.InvariantCulture, out int value) ? value : int.MaxValue;
    }

    public void MoveTo(int position) => Position = position;

    public GrammarException Fault(int position, string what) => new("", $"Regular expression, position {position}: {what}.");
}
