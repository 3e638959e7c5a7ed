using System.Runtime.CompilerServices;

namespace Llama.Model.Text.Jinja;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node that writes text or changes variables.</summary>
internal abstract class Statement
{
    public abstract Flow Run(Scope scope);
}

internal sealed class Block(IReadOnlyList<Statement> statements) : Statement
{
    public override Flow Run(Scope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Run(scope);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }

    /// <summary>What the block writes, as a value.</summary>
    public PromptText Capture(Scope scope)
    {
        var inner = new Scope(scope) { Output = [] };
        Run(inner);
        return PromptText.Concat(inner.Output);
    }
}

internal sealed class Verbatim(string text) : Statement
{
    private readonly PromptText _text = PromptText.Trusted(text);

    public override Flow Run(Scope scope)
    {
        scope.Output.Add(_text);
        return Flow.Next;
    }
}

internal sealed class Output(Expression expression) : Statement
{
    public override Flow Run(Scope scope)
    {
        scope.Output.Add(Values.ToText(expression.Evaluate(scope)));
        return Flow.Next;
    }
}

internal sealed class If(IReadOnlyList<(Expression Condition, Block Body)> branches, Block? otherwise) : Statement
{
    public override Flow Run(Scope scope)
    {
        foreach ((Expression condition, Block body) in branches)
        {
            if (Values.IsTrue(condition.Evaluate(scope))) return body.Run(scope);
        }
        return otherwise?.Run(scope) ?? Flow.Next;
    }
}

/// <summary><c>set a = …</c>, <c>set a, b = …</c> and <c>set ns.a = …</c>.</summary>
internal sealed class Set(Target target, Expression value) : Statement
{
    public override Flow Run(Scope scope)
    {
        target.Assign(scope, value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary><c>set a</c> … <c>endset</c>.</summary>
internal sealed class SetBlock(Target target, Block body) : Statement
{
    public override Flow Run(Scope scope)
    {
        target.Assign(scope, body.Capture(scope));
        return Flow.Next;
    }
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class Jump(Flow flow) : Statement
{
    public override Flow Run(Scope scope) => flow;
}

/// <summary><c>macro name(…)</c> … <c>endmacro</c>; its body sees what is in sight where it stands.</summary>
internal sealed class Macro(string name, IReadOnlyList<(string Name, Expression? Default)> parameters, Block body) : Statement
{
    public override Flow Run(Scope scope)
    {
        scope.Set(name, new Callable(arguments => Call(scope, arguments), [.. parameters.Select(parameter => parameter.Name)]));
        return Flow.Next;
    }

    private PromptText Call(Scope outer, Arguments arguments)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack(); // macros may call themselves
        var scope = new Scope(outer) { Output = [] };
        for (int i = 0; i < parameters.Count; i++)
        {
            (string parameter, Expression? missing) = parameters[i];
            scope.Set(parameter, arguments.Has(i, parameter) ? arguments.Get(i, parameter) : missing is null ? new Undefined(parameter) : missing.Evaluate(scope));
        }
        body.Run(scope);
        return PromptText.Concat(scope.Output);
    }
}
