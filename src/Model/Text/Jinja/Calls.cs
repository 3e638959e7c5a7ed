namespace Llama.Model.Text.Jinja;

/// <summary>The written arguments of a call.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList None { get; } = new([], []);

    public Arguments Evaluate(Scope scope) => Positional.Count + Named.Count == 0 ? Arguments.None : new(
        [.. Positional.Select(argument => argument.Evaluate(scope))],
        Named.ToDictionary(argument => argument.Name, argument => argument.Value.Evaluate(scope)));
}

/// <summary><c>f(…)</c> of a function or macro.</summary>
internal sealed class FunctionCall(string name, ArgumentList arguments) : Expression
{
    protected override object? ValueIn(Scope scope) => scope.Get(name) switch
    {
        Callable function => Call(function, arguments.Evaluate(scope)),
        Undefined undefined => throw undefined.Fault(),
        var value => throw new TemplateException($"the chat template calls '{name}', which is {Values.TypeName(value)}"),
    };

    private object? Call(Callable function, Arguments given)
    {
        function.Check(name, given);
        return function.Call(given);
    }
}

/// <summary><c>value.method(…)</c>.</summary>
internal sealed class MethodCall(Expression target, string name, ArgumentList arguments) : Expression
{
    protected override object? ValueIn(Scope scope) => Methods.Call(target.Evaluate(scope), name, arguments.Evaluate(scope));
}

/// <summary><c>value | filter(…)</c>.</summary>
internal sealed class FilterCall(Expression target, Filter filter, ArgumentList arguments) : Expression
{
    protected override object? ValueIn(Scope scope) => filter.Apply(target.Evaluate(scope), arguments.Evaluate(scope));
}

/// <summary><c>value is test(…)</c>.</summary>
internal sealed class TestCall(Expression target, Test test, ArgumentList arguments) : Expression
{
    protected override object? ValueIn(Scope scope) => test.Holds(target.Evaluate(scope), arguments.Evaluate(scope));
}
