namespace Llama.Model.Text.Jinja;

/// <summary>
/// Cuts a template into tokens, with white space handled as Hugging Face sets Jinja up: trim_blocks (the line end behind a tag goes), lstrip_blocks (the indent before a
/// tag goes), <c>-</c> (all white space on that side goes) and <c>+</c> (none does). One line end at the very end of the template goes too (keep_trailing_newline is off).
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _position;

    private TemplateLexer(string source) => _source = source;

    public static List<TemplateToken> Tokenize(string template)
    {
        string source = template.Replace("\r\n", "\n").Replace('\r', '\n'); // no other character ends a line in Jinja
        var lexer = new TemplateLexer(source.EndsWith('\n') ? source[..^1] : source);
        while (lexer._position < lexer._source.Length) lexer.ReadTextAndTag();
        lexer._tokens.Add(new TemplateToken(TokenType.End, "", new Place(lexer._source, lexer._source.Length)));
        return lexer._tokens;
    }

    private void ReadTextAndTag()
    {
        int open = FindOpening(_position);
        AddText(_position, open);
        _position = open;
        if (open == _source.Length) return;
        switch (_source[open + 1])
        {
            case '#': SkipComment(); break;
            case '{': ReadInside(TokenType.OutputStart, TokenType.OutputEnd, "}}"); break;
            default: ReadInside(TokenType.TagStart, TokenType.TagEnd, "%}"); break;
        }
    }

    private int FindOpening(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#') return i;
        }
        return _source.Length;
    }

    private void AddText(int start, int end)
    {
        int kept = end;
        if (end < _source.Length)
        {
            char sign = end + 2 < _source.Length ? _source[end + 2] : ' ';
            if (sign == '-') kept = start + PythonText.TrimEnd(_source.AsSpan(start..end)).Length;
            else if (sign != '+' && _source[end + 1] != '{') kept = WithoutIndent(start, end);
        }
        if (kept > start) _tokens.Add(new TemplateToken(TokenType.Text, _source[start..kept], new Place(_source, start)));
    }

    private int WithoutIndent(int start, int end)
    {
        int lineStart = _source.LastIndexOf('\n', Math.Max(end - 1, 0), end - start) + 1;
        if (lineStart == 0) lineStart = start; // no line begins inside this text; it may itself begin one
        bool beginsLine = lineStart == 0 || _source[lineStart - 1] == '\n';
        return beginsLine && PythonText.TrimStart(_source.AsSpan(lineStart..end)).IsEmpty ? lineStart : end;
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _position + 2, StringComparison.Ordinal);
        if (end < 0) throw new Place(_source, _position).Malformed("this comment never ends");
        char sign = _source[end - 1];
        _position = end + 2;
        SkipAfter(sign, trimsLine: true);
    }

    private void ReadInside(TokenType start, TokenType end, string close)
    {
        int inside = _position + 2;
        if (inside < _source.Length && _source[inside] is '-' or '+') inside++;
        _tokens.Add(new TemplateToken(start, _source[_position..inside], new Place(_source, _position)));
        var lexer = new ExpressionLexer(_source, inside, close, _tokens);
        char sign = lexer.ReadToClose(out _position);
        _tokens.Add(new TemplateToken(end, close, new Place(_source, _position - close.Length)));
        SkipAfter(sign, trimsLine: end == TokenType.TagEnd);
    }

    private void SkipAfter(char sign, bool trimsLine)
    {
        if (sign == '-') _position = _source.Length - PythonText.TrimStart(_source.AsSpan(_position)).Length;
        else if (sign != '+' && trimsLine && _position < _source.Length && _source[_position] == '\n') _position++;
    }
}
