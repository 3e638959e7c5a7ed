using System.Globalization;

namespace Llama.Model.Text.Jinja;

/// <summary>Parses what stands between operators: a literal, name or parenthesis, then its members and calls.</summary>
internal sealed class OperandParser(TokenReader tokens, ExpressionParser expressions, ArgumentParser arguments)
{
    private readonly List<(string Name, Place Place)> _called = [], _read = [];

    public IReadOnlyList<(string Name, Place Place)> CalledFunctions => _called;

    public IReadOnlyList<(string Name, Place Place)> ReadNames => _read;

    /// <summary>A value with its members and calls.</summary>
    public Expression Parse() => ParseMembers(ParsePrimary());

    private Expression ParsePrimary()
    {
        TemplateToken token = tokens.Current;
        return token.Type switch
        {
            TokenType.Name => ParseName(),
            TokenType.String => ParseStrings(),
            TokenType.Integer => Constant(NumberSpelling.ValueOf(token.Text) ?? throw token.Place.Unsupported("an integer beyond 64 bits")),
            TokenType.Float => Constant(double.Parse(token.Text.Replace("_", ""), CultureInfo.InvariantCulture)),
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
        if (!tokens.TryTakeOperator("("))
        {
            _read.Add((token.Text, token.Place));
            return new Name(token.Text);
        }
        _called.Add((token.Text, token.Place));
        return new FunctionCall(token.Text, arguments.Parse());
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
        if (tokens.TryTakeOperator(",")) return new ListLiteral([first, .. tokens.TakeList(")", expressions.Parse)]);
        tokens.ExpectOperator(")");
        return first;
    }

    private ListLiteral ParseList()
    {
        tokens.Take();
        return new ListLiteral(tokens.TakeList("]", expressions.Parse));
    }

    private DictLiteral ParseDict()
    {
        tokens.Take();
        return new DictLiteral(tokens.TakeList("}", ParseEntry));
    }

    private (Expression, Expression) ParseEntry()
    {
        Place place = tokens.Place;
        Expression key = expressions.Parse();
        if (key is Literal { Value: not PromptText }) throw place.Unsupported("a key that is not a string");
        tokens.ExpectOperator(":");
        return (key, expressions.Parse());
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
        Operation method = Methods.Find(name) ?? throw place.Unsupported($"the method '{name}'");
        return new MethodCall(value, name, ArgumentParser.Checked(arguments.Parse(), method, $"the method '{name}'", place));
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
}
