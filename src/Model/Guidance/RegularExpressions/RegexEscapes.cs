using System.Globalization;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>Reads what follows a backslash: one character, or a class such as <c>\d</c>.</summary>
internal sealed class RegexEscapes(RegexReader reader)
{
    private readonly Dictionary<string, ClassSet> _classes = new(StringComparer.Ordinal); // by name: a set of all of Unicode is not made in no time

    /// <summary>Reads a class; false, with nothing taken, where the escape is a single character.</summary>
    /// <param name="set">The class.</param>
    /// <param name="name">Its letter, upper case where negated, with a property's name behind it.</param>
    public bool TryReadClass(out ClassSet set, out string name)
    {
        int start = reader.Position - 1;
        char letter = reader.Peek();
        (set, name) = (ClassSet.Nothing, letter.ToString());
        if (letter is not ('d' or 'D' or 'w' or 'W' or 's' or 'S' or 'p' or 'P')) return false;
        reader.TryTake(letter);
        if (letter is 'p' or 'P') name += TakeProperty(start, letter);
        if (!_classes.TryGetValue(name, out set!)) _classes[name] = set = ClassOf(name, start);
        return true;
    }

    private ClassSet ClassOf(string name, int start)
    {
        ClassSet set = char.ToLowerInvariant(name[0]) switch { 'd' => ClassSet.Digit, 'w' => ClassSet.Word, 's' => ClassSet.Space, _ => Property(name[1..], start) };
        return char.IsAsciiLetterUpper(name[0]) ? set.Negated() : set;
    }

    /// <summary>Reads a single character.</summary>
    public int ReadCharacter(bool isInClass)
    {
        int start = reader.Position - 1;
        int character = reader.TakeCodePoint("an escaped character");
        return character switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'b' when isInClass => '\b',
            '0' when !char.IsAsciiDigit(reader.Peek()) => 0,
            'x' => reader.TakeHex(2, start),
            'u' => ReadUnicode(start),
            'c' => ReadControl(start),
            _ when character < 0x80 && char.IsAsciiLetterOrDigit((char)character) => throw Unsupported((char)character, start),
            _ => character,
        };
    }

    private int ReadUnicode(int start)
    {
        if (reader.TryTake('{')) return ReadBraced(start);
        int unit = reader.TakeHex(4, start);
        if (char.IsHighSurrogate((char)unit) && reader.TryTake("\\u"))
        {
            int low = reader.TakeHex(4, reader.Position - 2);
            if (char.IsLowSurrogate((char)low)) return char.ConvertToUtf32((char)unit, (char)low);
        }
        return char.IsSurrogate((char)unit) ? throw reader.Fault(start, "half a surrogate pair stands alone, which no text can hold; write both halves, or \\u{…}") : unit;
    }

    private int ReadBraced(int start)
    {
        string digits = reader.TakeThrough('}', start);
        bool isScalar = int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && value is (>= 0 and < 0xD800) or (> 0xDFFF and <= 0x10FFFF);
        return isScalar ? value : throw reader.Fault(start, $"\\u{{{digits}}} is no Unicode character");
    }

    private int ReadControl(int start) =>
        char.IsAsciiLetter(reader.Peek()) ? reader.TakeCodePoint("a letter") % 32 : throw reader.Fault(start, "\\c needs a letter, as in \\cJ");

    private string TakeProperty(int start, char letter) =>
        reader.TryTake('{') ? reader.TakeThrough('}', start) : throw reader.Fault(start, $"\\{letter} needs a general category in braces, such as \\{letter}{{L}}");

    private ClassSet Property(string name, int start) => UnicodeSets.TryFind(name, out CodePointSet set)
        ? ClassSet.Category(set)
        : throw reader.Fault(start, $"'{name}' is not supported as a property; general categories are, such as L, Lu, N, Nd, P, S and Zs");

    private GrammarException Unsupported(char letter, int start) => reader.Fault(start, letter switch
    {
        'b' or 'B' => $"the word boundary \\{letter} is not supported; write the characters that stand around it",
        'A' or 'z' or 'Z' or 'G' => $"the anchor \\{letter} is not supported; use ^ and $",
        'k' or (>= '1' and <= '9') => $"the back-reference \\{letter} is not supported; write the group's pattern again",
        '0' => "octal escapes are not supported; write \\xHH",
        _ => $"\\{letter} is no escape that all regular expressions share; write {letter} for the letter itself",
    });
}
