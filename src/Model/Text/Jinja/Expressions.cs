namespace Llama.Model.Text.Jinja;

/// <summary>A node that has a value.</summary>
internal abstract class Expression
{
    public abstract object? Evaluate(Scope scope);
}

internal sealed class Literal(object? value) : Expression
{
    public override object? Evaluate(Scope scope) => value;
}

internal sealed class Name(string name) : Expression
{
    public override object? Evaluate(Scope scope) => scope.Get(name);
}

internal sealed class ListLiteral(IReadOnlyList<Expression> items) : Expression
{
    public override object? Evaluate(Scope scope) => items.Select(item => item.Evaluate(scope)).ToList();
}

internal sealed class DictLiteral(IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression
{
    public override object? Evaluate(Scope scope)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((Expression key, Expression value) in entries) map[Values.ToText(key.Evaluate(scope)).Text] = value.Evaluate(scope);
        return map;
    }
}

/// <summary><c>a.b</c> and <c>a['b']</c>, which look up the same members here, and <c>a[1]</c>.</summary>
internal sealed class Member(Expression container, Expression key) : Expression
{
    public override object? Evaluate(Scope scope) => Operations.Member(container.Evaluate(scope), key.Evaluate(scope));
}

internal sealed class Slice(Expression container, Expression? start, Expression? stop, Expression? step) : Expression
{
    public override object? Evaluate(Scope scope) =>
        Operations.Slice(container.Evaluate(scope), start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope));
}

internal sealed class Conditional(Expression condition, Expression then, Expression? otherwise) : Expression
{
    public override object? Evaluate(Scope scope) =>
        Values.IsTrue(condition.Evaluate(scope)) ? then.Evaluate(scope) : otherwise is null ? new Undefined("the else of an inline if") : otherwise.Evaluate(scope);
}

internal sealed class Not(Expression operand) : Expression
{
    public override object? Evaluate(Scope scope) => !Values.IsTrue(operand.Evaluate(scope));
}

/// <summary><c>and</c> and <c>or</c>, whose value is that of the operand which decides.</summary>
internal sealed class Logical(Expression left, Expression right, bool isAnd) : Expression
{
    public override object? Evaluate(Scope scope)
    {
        object? value = left.Evaluate(scope);
        return Values.IsTrue(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

internal sealed class Unary(Expression operand, string op) : Expression
{
    public override object? Evaluate(Scope scope) => Operations.Calculate("*", operand.Evaluate(scope), op == "-" ? -1L : 1L);
}

internal sealed class Binary(Expression left, string op, Expression right) : Expression
{
    public override object? Evaluate(Scope scope) => Operations.Calculate(op, left.Evaluate(scope), right.Evaluate(scope));
}

/// <summary><c>a &lt; b == c</c>: every neighbouring pair must hold.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Operator, Expression Operand)> rest) : Expression
{
    public override object? Evaluate(Scope scope)
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
