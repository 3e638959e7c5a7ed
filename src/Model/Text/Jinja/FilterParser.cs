namespace Llama.Model.Text.Jinja;

/// <summary>Parses the filters and tests that stand behind an operand.</summary>
internal sealed class FilterParser(TokenReader tokens, OperandParser operands, ArgumentParser arguments)
{
    /// <summary>A value with its filters and tests; itself where there are none.</summary>
    public Expression Parse(Expression value)
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
        ArgumentList given = tokens.TryTakeOperator("(") ? arguments.Parse() : ArgumentList.None;
        return new FilterCall(value, filter, ArgumentParser.Checked(given, filter, $"the filter '{name}'", place));
    }

    private Expression ParseTest(Expression value)
    {
        bool isNegated = tokens.TryTakeName("not");
        Place place = tokens.Place;
        string name = tokens.ExpectName();
        Test test = Tests.Find(name) ?? throw place.Unsupported($"the test '{name}'");
        ArgumentList given = tokens.TryTakeOperator("(") ? arguments.Parse() : ParseBareArgument();
        var call = new TestCall(value, test, ArgumentParser.Checked(given, test, $"the test '{name}'", place));
        return isNegated ? new Not(call) : call;
    }

    // "x is divisibleby 3": one argument may follow without parentheses.
    private ArgumentList ParseBareArgument()
    {
        bool follows = tokens.Current.Type is TokenType.String or TokenType.Integer or TokenType.Float
            || tokens.IsOperator("[") || tokens.IsOperator("{")
            || (tokens.Current.Type == TokenType.Name && tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"));
        return follows ? new ArgumentList([operands.Parse()], []) : ArgumentList.None;
    }
}
