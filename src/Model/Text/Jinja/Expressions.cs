using System.Runtime.CompilerServices;

namespace Llama.Model.Text.Jinja;

/// <summary>A node that has a value.</summary>
internal abstract class Expression
{
    public object? Evaluate(Scope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack(); // a sum is as deep as it is long
        return ValueIn(scope);
    }

    protected abstract object? ValueIn(Scope scope);
}

internal sealed class Literal(object? value) : Expression
{
    public object? Value => value;

    protected override object? ValueIn(Scope scope) => value;
}

internal sealed class Name(string name) : Expression
{
    protected override object? ValueIn(Scope scope) => scope.Get(name);
}

internal sealed class ListLiteral(IReadOnlyList<Expression> items) : Expression
{
    protected override object? ValueIn(Scope scope) => items.Select(item => item.Evaluate(scope)).ToList();
}

internal sealed class DictLiteral(IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression
{
    protected override object? ValueIn(Scope scope)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((Expression key, Expression value) in entries) map[NameOf(key.Evaluate(scope))] = value.Evaluate(scope);
        return map;
    }

    private static string NameOf(object? key) =>
        key is PromptText name ? name.Text : throw new TemplateException($"the chat template makes a mapping whose key is {Values.TypeName(key)}; only strings are supported");
}

/// <summary><c>a.b</c> and <c>a['b']</c>, which look up the same members here, and <c>a[1]</c>.</summary>
internal sealed class Member(Expression container, Expression key) : Expression
{
    protected override object? ValueIn(Scope scope) => Operations.Member(container.Evaluate(scope), key.Evaluate(scope));
}

internal sealed class Slice(Expression container, Expression? start, Expression? stop, Expression? step) : Expression
{
    protected override object? ValueIn(Scope scope) =>
        Operations.Slice(container.Evaluate(scope), start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope));
}

internal sealed class Conditional(Expression condition, Expression then, Expression? otherwise) : Expression
{
    protected override object? ValueIn(Scope scope) =>
        Values.IsTrue(condition.Evaluate(scope)) ? then.Evaluate(scope) : otherwise is null ? new Undefined("the else of an inline if") : otherwise.Evaluate(scope);
}

internal sealed class Not(Expression operand) : Expression
{
    protected override object? ValueIn(Scope scope) => !Values.IsTrue(operand.Evaluate(scope));
}

/// <summary><c>and</c> and <c>or</c>, whose value is that of the operand which decides.</summary>
internal sealed class Logical(Expression left, Expression right, bool isAnd) : Expression
{
    protected override object? ValueIn(Scope scope)
    {
        object? value = left.Evaluate(scope);
        return Values.IsTrue(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

internal sealed class Unary(Expression operand, string op) : Expression
{
    protected override object? ValueIn(Scope scope) => Operations.Signed(op, operand.Evaluate(scope));
}

internal sealed class Binary(Expression left, string op, Expression right) : Expression
{
    protected override object? ValueIn(Scope scope) => Operations.Calculate(op, left.Evaluate(scope), right.Evaluate(scope));
}

/// <summary><c>a &lt; b == c</c>: every neighbouring pair must hold.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Operator, Expression Operand)> rest) : Expression
{
    protected override object? ValueIn(Scope scope)
    {
        object? left = first.Evaluate(scope);
        foreach ((string op, Expression operand) in rest)
        {
            object? right = operand.Evaluate(scope);
            if (!Operations.Holds(op, left, right)) return false;
            left = right;
        }
        return true;
    }
}
