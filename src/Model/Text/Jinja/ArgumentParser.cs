namespace Llama.Model.Text.Jinja;

/// <summary>Parses what functions, methods, filters and tests are called with.</summary>
internal sealed class ArgumentParser(TokenReader tokens, ExpressionParser expressions)
{
    /// <summary>What stands behind the opening parenthesis, and the closing one.</summary>
    public ArgumentList Parse()
    {
        Place place = tokens.Place;
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression)>();
        foreach ((string? name, Expression value) in tokens.TakeList(")", ParseOne))
        {
            if (name is null) positional.Add(value);
            else if (named.Exists(other => other.Name == name)) throw place.Malformed($"the argument '{name}' is given twice");
            else named.Add((name, value));
        }
        return new ArgumentList(positional, named);
    }

    /// <summary>What is given to an operation, which must take it.</summary>
    public static ArgumentList Checked(ArgumentList given, Operation operation, string name, Place place) =>
        operation.FaultOf(given.Positional.Count, given.Named.Select(argument => argument.Name)) is { } fault ? throw place.Unsupported($"{fault} of {name}") : given;

    private (string? Name, Expression Value) ParseOne()
    {
        if (tokens.IsOperator("*") || tokens.IsOperator("**")) throw tokens.Place.Unsupported("unpacking arguments with '*'");
        if (tokens.Current.Type != TokenType.Name || !tokens.Peek.Is(TokenType.Operator, "=")) return (null, expressions.Parse());
        string name = tokens.Take().Text;
        tokens.Take();
        return (name, expressions.Parse());
    }
}
