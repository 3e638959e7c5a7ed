using System.Text;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Writes random texts of an expression, as a model without any sense would. Once its budget is spent it takes the shortest way out.</summary>
internal sealed class ExpressionWalk(Random random)
{
    private const int Endless = 1_000_000;

    private readonly Dictionary<Rule, int> _shortest = [];
    private readonly StringBuilder _text = new();
    private int _budget;

    /// <summary>A text of the expression; much longer than a budget only if there is no shorter.</summary>
    public string Write(Expression expression, int budget)
    {
        Measure(expression);
        _text.Clear();
        _budget = budget;
        Walk(expression);
        return _text.ToString();
    }

    private bool IsSpent => _text.Length >= _budget;

    private void Walk(Expression expression)
    {
        switch (expression)
        {
            case Literal literal:
                _text.Append(literal.Text);
                break;
            case CharacterClass characters:
                _text.Append(Draw(characters.Set));
                break;
            case Concatenation sequence:
                foreach (Expression item in sequence.Items) Walk(item);
                break;
            case Alternation choice:
                Walk(choice);
                break;
            case Repetition repetition:
                Walk(repetition);
                break;
            case WidthLimit limit:
                Walk(limit);
                break;
            case Intersection both:
                _text.Append(Draw(both));
                break;
            case Reference reference:
                Walk(reference.Rule.Body);
                break;
        }
    }

    private void Walk(Alternation choice)
    {
        Expression[] open = [.. choice.Items.Where(item => Shortest(item) < Endless)];
        Walk(IsSpent ? open.MinBy(Shortest)! : open[random.Next(open.Length)]);
    }

    private void Walk(Repetition repetition)
    {
        if (repetition.Minimum == 0 && Shortest(repetition.Item) >= Endless) return;
        for (int count = 0; !(count >= repetition.Maximum); count++)
        {
            if (count >= repetition.Minimum && (IsSpent || random.Next(3) == 0)) return;
            Walk(repetition.Item);
        }
    }

    private void Walk(WidthLimit limit)
    {
        for (int width = 0; width < limit.Maximum && !IsSpent && random.Next(4) > 0;)
        {
            bool isDouble = width + 2 <= limit.Maximum && random.Next(3) == 0;
            Walk(isDouble ? limit.Double : limit.Single);
            width += isDouble ? 2 : 1;
        }
    }

    // As often a character that all scripts share as any of the set; of that, each range as often as the others.
    private string Draw(CodePointSet set)
    {
        CodePointSet common = set.Intersect(CodePointSet.Range(0x20, 0x7E));
        CodePointSet from = !common.IsEmpty && random.Next(2) == 0 ? common : set;
        CodePointRange range = from.Ranges[random.Next(from.Ranges.Count)];
        return new Rune(random.Next(range.First, range.Last + 1)).ToString();
    }

    private string Draw(Intersection both)
    {
        var inner = new ExpressionWalk(random);
        for (int attempt = 0; attempt < 5_000; attempt++)
        {
            (Expression from, Expression to) = attempt % 2 == 0 ? (both.First, both.Second) : (both.Second, both.First);
            string text = inner.Write(from, 1 + attempt % 30);
            if (ExpressionMatcher.Matches(to, text)) return text;
        }
        throw new InvalidOperationException("The intersection has no text that chance finds.");
    }

    private void Measure(Expression start)
    {
        var rules = new List<Rule>();
        Collect(start, rules);
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (Rule rule in Enumerable.Reverse(rules))
            {
                int length = Shortest(rule.Body);
                changed |= length < _shortest[rule];
                _shortest[rule] = length;
            }
        }
    }

    private void Collect(Expression expression, List<Rule> rules)
    {
        var waiting = new Stack<Expression>([expression]);
        while (waiting.TryPop(out Expression? next))
        {
            if (next is Reference reference && _shortest.TryAdd(reference.Rule, Endless))
            {
                rules.Add(reference.Rule);
                waiting.Push(reference.Rule.Body);
            }
            foreach (Expression part in Parts(next)) waiting.Push(part);
        }
    }

    private static IEnumerable<Expression> Parts(Expression expression) => expression switch
    {
        Concatenation sequence => sequence.Items,
        Alternation choice => choice.Items,
        Repetition repetition => [repetition.Item],
        _ => [],
    };

    private int Shortest(Expression expression) => expression switch
    {
        Literal literal => literal.Text.Length,
        Concatenation sequence => (int)Math.Min(Endless, sequence.Items.Sum(item => (long)Shortest(item))),
        Alternation choice => choice.Items.Min(Shortest),
        Repetition repetition => (int)Math.Min(Endless, (long)repetition.Minimum * Shortest(repetition.Item)),
        Reference reference => _shortest[reference.Rule],
        CharacterClass characters => characters.Set.IsEmpty ? Endless : 1,
        WidthLimit => 0,
        _ => 1,
    };
}
