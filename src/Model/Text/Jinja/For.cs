namespace Llama.Model.Text.Jinja;

/// <summary><c>for target in items if filter</c> … <c>else</c> … <c>endfor</c>.</summary>
internal sealed class For(Target target, Expression items, Expression? filter, Block body, Block? otherwise) : Statement
{
    public override Flow Run(Scope scope)
    {
        List<object?> taken = [.. Values.Iterate(items.Evaluate(scope)).Where(item => Passes(scope, item))];
        if (taken.Count == 0) return otherwise?.Run(scope) ?? Flow.Next;
        for (int i = 0; i < taken.Count; i++)
        {
            var inner = new Scope(scope);
            inner.Set("loop", Loop(taken, i));
            target.Assign(inner, taken[i]);
            if (body.Run(inner) == Flow.Break) break;
        }
        return Flow.Next;
    }

    private bool Passes(Scope scope, object? item)
    {
        if (filter is null) return true;
        var inner = new Scope(scope);
        target.Assign(inner, item);
        return Values.IsTrue(filter.Evaluate(inner));
    }

    private static Dictionary<string, object?> Loop(List<object?> items, int i) => new(StringComparer.Ordinal)
    {
        ["index"] = i + 1L,
        ["index0"] = (long)i,
        ["revindex"] = (long)items.Count - i,
        ["revindex0"] = items.Count - i - 1L,
        ["first"] = i == 0,
        ["last"] = i == items.Count - 1,
        ["length"] = (long)items.Count,
        ["depth"] = 1L, // counts the turns of recursive loops, which are not supported
        ["depth0"] = 0L,
        ["previtem"] = i > 0 ? items[i - 1] : new Undefined("loop.previtem"),
        ["nextitem"] = i + 1 < items.Count ? items[i + 1] : new Undefined("loop.nextitem"),
    };
}
