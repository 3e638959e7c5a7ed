using System.Text;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>
/// Reads regular expressions of ECMAScript, .NET and Python: what they share, and what only some of them know and none reads otherwise, such as <c>\p{L}</c>, <c>\u{1F600}</c> and
/// <c>(?P&lt;name&gt;…)</c>. What they read differently, and what no grammar can say, is refused by name and position.
/// </summary>
internal sealed class RegexParser
{
    private const int DeepestNesting = 250, LongestPattern = 32_768;

    private readonly RegexReader _reader;
    private readonly RegexEscapes _escapes;
    private readonly RegexClassParser _classes;
    private readonly RegexQuantifiers _quantifiers;
    private int _depth;

    private RegexParser(string pattern)
    {
        _reader = new RegexReader(pattern);
        _escapes = new RegexEscapes(_reader);
        _classes = new RegexClassParser(_reader, _escapes);
        _quantifiers = new RegexQuantifiers(_reader);
    }

    /// <summary>Parses a pattern.</summary>
    /// <param name="pattern">The regular expression.</param>
    /// <param name="beside">What may stand on a side of the match that no anchor holds.</param>
    /// <exception cref="GrammarException">The pattern is malformed, uses what is not supported, or is too large.</exception>
    public static Expression Parse(string pattern, Expression beside)
    {
        if (pattern.Length > LongestPattern) throw new GrammarException("", FormattableString.Invariant($"The regular expression has {pattern.Length:N0} characters; at most {LongestPattern:N0} are supported."));
        var parser = new RegexParser(pattern);
        Expression expression = parser.ReadAlternation();
        if (!parser._reader.IsAtEnd) throw parser._reader.Fault(parser._reader.Position, "')' closes nothing; write \\) for the bracket");
        return new AnchorPlacement(beside, parser._reader.Fault).Resolve(expression);
    }

    private Expression ReadAlternation()
    {
        var alternatives = new List<Expression> { ReadSequence() };
        while (_reader.TryTake('|')) alternatives.Add(ReadSequence());
        return alternatives.Count == 1 ? alternatives[0] : new Alternation(alternatives);
    }

    private Expression ReadSequence()
    {
        var items = new List<Expression>();
        while (!_reader.IsAtEnd && _reader.Peek() is not ('|' or ')'))
        {
            int start = _reader.Position;
            items.Add(_quantifiers.Read(ReadAtom(), start));
        }
        List<Expression> joined = JoinLiterals(items);
        return joined.Count switch { 0 => Expression.Empty, 1 => joined[0], _ => new Concatenation(joined) };
    }

    private Expression ReadAtom()
    {
        int start = _reader.Position;
        int character = _reader.TakeCodePoint("a character");
        return character switch
        {
            '(' => ReadGroup(start),
            '[' => new CharacterClass(_classes.Read()),
            '.' => new CharacterClass(ClassSet.Dot.Certain),
            '\\' => ReadEscape(),
            '^' or '$' => new Anchor(character == '^', start),
            '*' or '+' or '?' => throw _reader.Fault(start, $"'{(char)character}' has nothing to repeat; write \\{(char)character} for the sign"),
            '{' when _quantifiers.IsCount() => throw _reader.Fault(start, "'{' has nothing to repeat; write \\{ for the brace"),
            _ => new Literal(new Rune(character).ToString()),
        };
    }

    private Expression ReadEscape() => _escapes.TryReadClass(out ClassSet set, out _)
        ? new CharacterClass(set.Certain)
        : new Literal(new Rune(_escapes.ReadCharacter(isInClass: false)).ToString());

    private Expression ReadGroup(int start)
    {
        if (_reader.TryTake('?')) TakeGroupKind(start);
        if (++_depth > DeepestNesting) throw _reader.Fault(start, $"groups are nested more than {DeepestNesting} deep");
        Expression content = ReadAlternation();
        if (!_reader.TryTake(')')) throw _reader.Fault(start, "the group is not closed by ')'");
        _depth--;
        return content;
    }

    // A group's name and number matter only to back-references and captures, which no grammar has.
    private void TakeGroupKind(int start)
    {
        if (_reader.TryTake(':')) return;
        bool isLookaround = _reader.Peek() is '=' or '!' || (_reader.Peek() == '<' && _reader.Peek(1) is '=' or '!');
        if (isLookaround) throw _reader.Fault(start, "lookaround is not supported; describe the whole text instead");
        if (_reader.TryTake("P<") || _reader.TryTake('<'))
        {
            string name = _reader.TakeThrough('>', start);
            if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c == '_')) throw _reader.Fault(start, $"'{name}' is no name for a group");
            return;
        }
        throw _reader.Fault(start, _reader.Peek() switch
        {
            '>' => "atomic groups are not supported; write (?: instead",
            '(' => "conditionals are not supported; write out both alternatives",
            '#' => "comments are not supported",
            'P' => "back-references by name are not supported; write the group's pattern again",
            _ => "inline options are not supported; write (?: for a group, and both cases of a letter as in [aA]",
        });
    }

    private static List<Expression> JoinLiterals(List<Expression> items)
    {
        var joined = new List<Expression>();
        var text = new StringBuilder();
        foreach (Expression item in items)
        {
            if (item is Literal literal) text.Append(literal.Text);
            else
            {
                AddText();
                joined.Add(item);
            }
        }
        AddText();
        return joined;

        void AddText()
        {
            if (text.Length > 0) joined.Add(new Literal(text.ToString()));
            text.Clear();
        }
    }
}
