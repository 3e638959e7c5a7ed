using System.Globalization;
using System.Runtime.CompilerServices;

namespace Llama.Model.Text.Jinja;

/// <summary>
/// Parses expressions. Each method is one level of Jinja's precedence (jinja2/parser.py), loosest first: inline if, or, and, not, comparison, + -, ~, * / // %, **, sign,
/// and then what follows a value: members, calls, filters and tests.
/// </summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private readonly List<(string Name, Place Place)> _called = [];

    /// <summary>The functions that expressions call, for a check once all macros are known.</summary>
    public IReadOnlyList<(string Name, Place Place)> CalledFunctions => _called;

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    public Expression ParseTuple()
    {
        Expression first = Parse();
        if (!tokens.IsOperator(",")) return first;
        var items = new List<Expression> { first };
        while (tokens.TryTakeOperator(",") && tokens.Current.Type is not (TokenType.TagEnd or TokenType.OutputEnd)) items.Add(Parse());
        return new ListLiteral(items);
    }

    public Expression Parse()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Expression value = ParseOr();
        while (tokens.TryTakeName("if"))
        {
            Expression condition = ParseOr();
            value = new Conditional(condition, value, tokens.TryTakeName("else") ? Parse() : null);
        }
        return value;
    }

    public Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.TryTakeName("or")) left = new Logical(left, ParseAnd(), isAnd: false);
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.TryTakeName("and")) left = new Logical(left, ParseNot(), isAnd: true);
        return left;
    }

    private Expression ParseNot() => tokens.TryTakeName("not") ? new Not(ParseNot()) : ParseComparison();

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (TakeComparison() is { } op) rest.Add((op, ParseSum()));
        return rest.Count == 0 ? first : new Comparison(first, rest);
    }

    private string? TakeComparison()
    {
        if (tokens.Current is { Type: TokenType.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) return tokens.Take().Text;
        if (tokens.TryTakeName("in")) return "in";
        if (!tokens.IsName("not") || !tokens.Peek.Is(TokenType.Name, "in")) return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseBinary(ParseConcatenation, "+", "-");

    private Expression ParseConcatenation() => ParseBinary(ParseProduct, "~");

    private Expression ParseProduct() => ParseBinary(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseBinary(() => ParseUnary(hasFilters: true), "**");

    private Expression ParseBinary(Func<Expression> parseOperand, params ReadOnlySpan<string> operators)
    {
        Expression left = parseOperand();
        while (tokens.Current.Type == TokenType.Operator && operators.Contains(tokens.Current.Text)) left = new Binary(left, tokens.Take().Text, parseOperand());
        return left;
    }

    private Expression ParseUnary(bool hasFilters)
    {
        bool isSigned = tokens.IsOperator("-") || tokens.IsOperator("+");
        Expression value = isSigned ? new Unary(op: tokens.Take().Text, operand: ParseUnary(hasFilters: false)) : ParseMembers(ParsePrimary());
        return hasFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParsePrimary()
    {
        TemplateToken token = tokens.Current;
        return token.Type switch
        {
            TokenType.Name => ParseName(),
            TokenType.String => ParseStrings(),
            TokenType.Integer when long.TryParse(token.Text.Replace("_", ""), CultureInfo.InvariantCulture, out long number) => Constant(number),
            TokenType.Float when double.TryParse(token.Text.Replace("_", ""), CultureInfo.InvariantCulture, out double number) => Constant(number),
            TokenType.Operator when token.Text == "(" => ParseParentheses(),
            TokenType.Operator when token.Text == "[" => ParseList(),
            TokenType.Operator when token.Text == "{" => ParseDict(),
            _ => throw tokens.Unexpected("an expression"),
        };
    }

    private Literal Constant(object? value)
    {
        tokens.Take();
        return new Literal(value);
    }

    private Expression ParseName()
    {
        TemplateToken token = tokens.Take();
        switch (token.Text)
        {
            case "true" or "True": return new Literal(true);
            case "false" or "False": return new Literal(false);
            case "none" or "None": return new Literal(null);
        }
        if (!tokens.TryTakeOperator("(")) return new Name(token.Text);
        _called.Add((token.Text, token.Place));
        return new FunctionCall(token.Text, ParseArguments());
    }

    private Literal ParseStrings()
    {
        string text = "";
        while (tokens.Current.Type == TokenType.String) text += tokens.Take().Text; // "a" "b" is "ab"
        return new Literal(PromptText.Trusted(text));
    }

    private Expression ParseParentheses()
    {
        tokens.Take();
        if (tokens.TryTakeOperator(")")) return new ListLiteral([]);
        Expression first = Parse();
        if (tokens.TryTakeOperator(")")) return first;
        var items = new List<Expression> { first };
        while (tokens.TryTakeOperator(",") && !tokens.IsOperator(")")) items.Add(Parse());
        tokens.ExpectOperator(")");
        return new ListLiteral(items);
    }

    private ListLiteral ParseList()
    {
        tokens.Take();
        var items = new List<Expression>();
        while (!tokens.IsOperator("]"))
        {
            items.Add(Parse());
            if (!tokens.TryTakeOperator(",")) break;
        }
        tokens.ExpectOperator("]");
        return new ListLiteral(items);
    }

    private DictLiteral ParseDict()
    {
        tokens.Take();
        var entries = new List<(Expression, Expression)>();
        while (!tokens.IsOperator("}"))
        {
            Expression key = Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, Parse()));
            if (!tokens.TryTakeOperator(",")) break;
        }
        tokens.ExpectOperator("}");
        return new DictLiteral(entries);
    }

    private Expression ParseMembers(Expression value)
    {
        while (true)
        {
            if (tokens.TryTakeOperator(".")) value = ParseDot(value);
            else if (tokens.TryTakeOperator("[")) value = ParseSubscript(value);
            else if (tokens.IsOperator("(")) throw tokens.Place.Unsupported("calling the value of an expression");
            else return value;
        }
    }

    private Expression ParseDot(Expression value)
    {
        Place place = tokens.Place;
        if (tokens.Current.Type == TokenType.Integer) return new Member(value, ParsePrimary());
        string name = tokens.ExpectName();
        if (!tokens.TryTakeOperator("(")) return new Member(value, new Literal(PromptText.Trusted(name)));
        if (!Methods.Exists(name)) throw place.Unsupported($"the method '{name}'");
        return new MethodCall(value, name, ParseArguments());
    }

    private Expression ParseSubscript(Expression value)
    {
        Expression? start = tokens.IsOperator(":") ? null : Parse();
        if (tokens.TryTakeOperator("]")) return new Member(value, start!);
        tokens.ExpectOperator(":");
        Expression? stop = tokens.IsOperator(":") || tokens.IsOperator("]") ? null : Parse();
        Expression? step = tokens.TryTakeOperator(":") && !tokens.IsOperator("]") ? Parse() : null;
        tokens.ExpectOperator("]");
        return new Slice(value, start, stop, step);
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.TryTakeOperator("|")) value = ParseFilter(value);
            else if (tokens.TryTakeName("is")) value = ParseTest(value);
            else return value;
        }
    }

    private FilterCall ParseFilter(Expression value)
    {
        Place place = tokens.Place;
        string name = tokens.ExpectName();
        Filter filter = Filters.Find(name) ?? throw place.Unsupported($"the filter '{name}'");
        return new FilterCall(value, filter, tokens.TryTakeOperator("(") ? ParseArguments() : ArgumentList.None);
    }

    private Expression ParseTest(Expression value)
    {
        bool isNegated = tokens.TryTakeName("not");
        Place place = tokens.Place;
        string name = tokens.ExpectName();
        Test test = Tests.Find(name) ?? throw place.Unsupported($"the test '{name}'");
        var call = new TestCall(value, test, tokens.TryTakeOperator("(") ? ParseArguments() : ParseBareArgument());
        return isNegated ? new Not(call) : call;
    }

    // "x is divisibleby 3": one argument may follow without parentheses.
    private ArgumentList ParseBareArgument()
    {
        bool follows = tokens.Current.Type is TokenType.String or TokenType.Integer or TokenType.Float
            || tokens.IsOperator("[") || tokens.IsOperator("{")
            || (tokens.Current.Type == TokenType.Name && tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"));
        return follows ? new ArgumentList([ParseMembers(ParsePrimary())], []) : ArgumentList.None;
    }

    private ArgumentList ParseArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!tokens.IsOperator(")"))
        {
            if (tokens.IsOperator("*") || tokens.IsOperator("**")) throw tokens.Place.Unsupported("unpacking arguments with '*'");
            if (tokens.Current.Type == TokenType.Name && tokens.Peek.Is(TokenType.Operator, "=")) named.Add(ParseNamedArgument());
            else positional.Add(Parse());
            if (!tokens.TryTakeOperator(",")) break;
        }
        tokens.ExpectOperator(")");
        return new ArgumentList(positional, named);
    }

    private (string, Expression) ParseNamedArgument()
    {
        string name = tokens.Take().Text;
        tokens.Take();
        return (name, Parse());
    }
}
