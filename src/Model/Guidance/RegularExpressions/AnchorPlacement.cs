namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>
/// Turns anchors into what may stand beside the match: nothing on a side held by an anchor, anything (or for a whole match, nothing too) on a free one.
/// Each alternative decides for itself, so what stands beside moves into the alternatives.
/// </summary>
/// <param name="beside">What a free side has beside it.</param>
/// <param name="fault">Makes the error for an anchor that cannot be at the edge of a match.</param>
internal sealed class AnchorPlacement(Expression beside, Func<int, string, GrammarException> fault)
{
    public Expression Resolve(Expression expression) => Resolve(expression, beside, beside);

    // A side is null where the expression has neighbours in the match, so that no anchor can hold there.
    private Expression Resolve(Expression expression, Expression? left, Expression? right) => expression switch
    {
        Anchor anchor => ResolveSequence([anchor], left, right),
        Concatenation sequence => ResolveSequence(sequence.Items, left, right),
        Alternation choice => new Alternation([.. choice.Items.Select(item => Resolve(item, left, right))]),
        Repetition repetition => Surround(repetition with { Item = Resolve(repetition.Item, null, null) }, left, right),
        _ => Surround(expression, left, right),
    };

    private Expression ResolveSequence(IReadOnlyList<Expression> items, Expression? left, Expression? right)
    {
        int first = 0, end = items.Count;
        for (; first < end && left is not null && items[first] is Anchor { IsStart: true }; first++) left = Expression.Empty;
        for (; end > first && right is not null && items[end - 1] is Anchor { IsStart: false }; end--) right = Expression.Empty;
        if (first == end) return Surround(Expression.Empty, left, right);
        if (items[first] is Anchor misplaced) throw Misplaced(misplaced);
        if (end - first == 1) return Resolve(items[first], left, right);
        var resolved = new List<Expression> { Resolve(items[first], left, null) };
        for (int i = first + 1; i < end - 1; i++) resolved.Add(Resolve(items[i], null, null));
        resolved.Add(Resolve(items[end - 1], null, right));
        return new Concatenation(resolved);
    }

    private static Expression Surround(Expression expression, Expression? left, Expression? right)
    {
        Expression[] parts = [.. new[] { left, expression, right }.OfType<Expression>().Where(part => part != Expression.Empty)];
        return parts.Length switch { 0 => Expression.Empty, 1 => parts[0], _ => new Concatenation(parts) };
    }

    private GrammarException Misplaced(Anchor anchor) =>
        fault(anchor.Position, $"'{(anchor.IsStart ? '^' : '$')}' is supported only at the edge of the pattern or of an alternative there, not inside a match or a repetition");
}
