using System.Globalization;

namespace Llama.Model.Text.Jinja;

/// <summary>Parses what stands between operators: a literal, name or parenthesis, then its members and calls, then filters and tests.</summary>
internal sealed class OperandParser(TokenReader tokens, ExpressionParser expressions)
{
    private readonly List<(string Name, Place Place)> _called = [];

    public IReadOnlyList<(string Name, Place Place)> CalledFunctions => _called;

    /// <summary>A value with its members and calls.</summary>
    public Expression Parse() => ParseMembers(ParsePrimary());

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
        Expression first = expressions.Parse();
        if (tokens.TryTakeOperator(")")) return first;
        var items = new List<Expression> { first };
        while (tokens.TryTakeOperator(",") && !tokens.IsOperator(")")) items.Add(expressions.Parse());
        tokens.ExpectOperator(")");
        return new ListLiteral(items);
    }

    private ListLiteral ParseList()
    {
        tokens.Take();
        var items = new List<Expression>();
        while (!tokens.IsOperator("]"))
        {
            items.Add(expressions.Parse());
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
            Expression key = expressions.Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, expressions.Parse()));
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
        Expression? start = tokens.IsOperator(":") ? null : expressions.Parse();
        if (tokens.TryTakeOperator("]")) return new Member(value, start!);
        tokens.ExpectOperator(":");
        Expression? stop = tokens.IsOperator(":") || tokens.IsOperator("]") ? null : expressions.Parse();
        Expression? step = tokens.TryTakeOperator(":") && !tokens.IsOperator("]") ? expressions.Parse() : null;
        tokens.ExpectOperator("]");
        return new Slice(value, start, stop, step);
    }

    /// <summary>The filters and tests behind a value.</summary>
    public Expression ParseFiltersAndTests(Expression value)
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
        return follows ? new ArgumentList([Parse()], []) : ArgumentList.None;
    }

    private ArgumentList ParseArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!tokens.IsOperator(")"))
        {
            if (tokens.IsOperator("*") || tokens.IsOperator("**")) throw tokens.Place.Unsupported("unpacking arguments with '*'");
            if (tokens.Current.Type == TokenType.Name && tokens.Peek.Is(TokenType.Operator, "=")) named.Add(ParseNamedArgument());
            else positional.Add(expressions.Parse());
            if (!tokens.TryTakeOperator(",")) break;
        }
        tokens.ExpectOperator(")");
        return new ArgumentList(positional, named);
    }

    private (string, Expression) ParseNamedArgument()
    {
        string name = tokens.Take().Text;
        tokens.Take();
        return (name, expressions.Parse());
    }
}
