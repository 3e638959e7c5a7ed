using System.Runtime.CompilerServices;

namespace Llama.Model.Text.Jinja;

/// <summary>Parses a template's statements. What it does not know it refuses by name and place, at load rather than at the first request.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly HashSet<string> _macros = new(StringComparer.Ordinal);
    private int _loopDepth;

    private TemplateParser(string template)
    {
        _tokens = new TokenReader(TemplateLexer.Tokenize(template));
        _expressions = new ExpressionParser(_tokens);
    }

    /// <param name="template">The source.</param>
    /// <param name="functions">The functions that rendering provides.</param>
    public static Block Parse(string template, IReadOnlyCollection<string> functions)
    {
        var parser = new TemplateParser(template);
        Block block = parser.ParseAll();
        if (parser._tokens.Current.Type != TokenType.End) throw parser._tokens.Place.Malformed($"'{parser._tokens.Peek.Text}' closes nothing");
        foreach ((string name, Place place) in parser._expressions.CalledFunctions)
        {
            if (!functions.Contains(name) && !parser._macros.Contains(name)) throw place.Unsupported($"the function '{name}'");
        }
        return block;
    }

    private Block ParseAll()
    {
        try
        {
            return ParseUntil();
        }
        catch (InsufficientExecutionStackException)
        {
            throw _tokens.Place.Unsupported("nesting as deep as this");
        }
    }

    /// <summary>Parses until a tag of one of these names, which is left unread, or to the end.</summary>
    private Block ParseUntil(params ReadOnlySpan<string> ends)
    {
        var statements = new List<Statement>();
        while (_tokens.Current.Type != TokenType.End)
        {
            if (_tokens.Current.Type == TokenType.TagStart && (ends.Contains(_tokens.Peek.Text) || IsClosing(_tokens.Peek.Text))) break;
            statements.Add(ParseStatement());
        }
        return new Block(statements);
    }

    // A closing tag always ends the block at hand; whether it is the right one is its opener's to say.
    private static bool IsClosing(string name) => name is "else" or "elif" || name.StartsWith("end", StringComparison.Ordinal);

    private Statement ParseStatement()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        TemplateToken token = _tokens.Take();
        if (token.Type == TokenType.Text) return new Verbatim(token.Text);
        if (token.Type == TokenType.TagStart) return ParseTag();
        Expression value = _expressions.ParseTuple();
        _tokens.Expect(TokenType.OutputEnd, "'}}'");
        return new Output(value);
    }

    private Statement ParseTag()
    {
        Place place = _tokens.Place;
        string name = _tokens.ExpectName();
        return name switch
        {
            "if" => ParseIf(),
            "for" => ParseFor(),
            "set" => ParseSet(),
            "macro" => ParseMacro(),
            "generation" => ParseGeneration(),
            "break" or "continue" => ParseJump(name, place),
            _ => throw place.Unsupported($"the tag '{name}'"),
        };
    }

    private If ParseIf()
    {
        var branches = new List<(Expression, Block)>();
        do
        {
            Expression condition = _expressions.ParseTuple();
            _tokens.EndTag();
            branches.Add((condition, ParseUntil("elif", "else", "endif")));
        }
        while (_tokens.TryTakeTag("elif"));
        Block? otherwise = ParseElse("endif");
        return new If(branches, otherwise);
    }

    private For ParseFor()
    {
        var target = Target.Read(_tokens);
        if (!_tokens.TryTakeName("in")) throw _tokens.Unexpected("'in'");
        Expression items = _expressions.ParseOr(); // an "if" behind it is the loop's filter
        Expression? filter = _tokens.TryTakeName("if") ? _expressions.Parse() : null;
        if (_tokens.IsName("recursive")) throw _tokens.Place.Unsupported("a recursive loop");
        _tokens.EndTag();
        _loopDepth++;
        Block body = ParseUntil("else", "endfor");
        _loopDepth--;
        return new For(target, items, filter, body, ParseElse("endfor"));
    }

    private Block? ParseElse(string end)
    {
        Block? otherwise = null;
        if (_tokens.TryTakeTag("else"))
        {
            _tokens.EndTag();
            otherwise = ParseUntil(end);
        }
        _tokens.CloseTag(end);
        return otherwise;
    }

    private Statement ParseSet()
    {
        var target = Target.Read(_tokens);
        if (_tokens.TryTakeOperator("="))
        {
            Expression value = _expressions.ParseTuple();
            _tokens.EndTag();
            return new Set(target, value);
        }
        if (_tokens.IsOperator("|")) throw _tokens.Place.Unsupported("a filtered set block");
        _tokens.EndTag();
        return new SetBlock(target, ParseApart("endset"));
    }

    private Macro ParseMacro()
    {
        string name = _tokens.ExpectName();
        _macros.Add(name);
        _tokens.ExpectOperator("(");
        List<(string Name, Expression?)> parameters = _tokens.TakeList(")", ParseParameter);
        _tokens.EndTag();
        int before = _expressions.ReadNames.Count;
        Block body = ParseApart("endmacro");
        foreach ((string read, Place place) in _expressions.ReadNames.Skip(before))
        {
            if (read is "varargs" or "kwargs" or "caller" && !parameters.Exists(parameter => parameter.Name == read)) throw place.Unsupported($"'{read}' in a macro");
        }
        return new Macro(name, parameters, body);
    }

    // A body that is rendered by itself, so that no loop around it can be left from there.
    private Block ParseApart(string end)
    {
        int outer = _loopDepth;
        _loopDepth = 0;
        Block body = ParseUntil(end);
        _loopDepth = outer;
        _tokens.CloseTag(end);
        return body;
    }

    private (string, Expression?) ParseParameter() => (_tokens.ExpectName(), _tokens.TryTakeOperator("=") ? _expressions.Parse() : null);

    // Hugging Face marks the assistant's text with it for training; for a prompt it means nothing.
    private Block ParseGeneration()
    {
        _tokens.EndTag();
        Block body = ParseUntil("endgeneration");
        _tokens.CloseTag("endgeneration");
        return body;
    }

    private Jump ParseJump(string name, Place place)
    {
        if (_loopDepth == 0) throw place.Malformed($"'{name}' stands outside a loop; out of a set block or macro it cannot lead");
        _tokens.EndTag();
        return new Jump(name == "break" ? Flow.Break : Flow.Continue);
    }
}
