using System.Runtime.CompilerServices;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Whether a text belongs to an expression, by trying everything: the plain reading of <see cref="Expression"/>.</summary>
internal sealed class ExpressionMatcher
{
    private readonly int[] _text;
    private readonly Dictionary<(Key Expression, int Start), HashSet<int>> _ends = [];

    private ExpressionMatcher(string text) => _text = [.. text.EnumerateRunes().Select(rune => rune.Value)];

    public static bool Matches(Expression expression, string text)
    {
        var matcher = new ExpressionMatcher(text);
        return matcher.Ends(expression, 0).Contains(matcher._text.Length);
    }

    private HashSet<int> Ends(Expression expression, int start)
    {
        (Key, int) key = (new Key(expression is Reference reference ? reference.Rule : expression), start);
        if (_ends.TryGetValue(key, out HashSet<int>? known)) return known;
        return _ends[key] = expression switch
        {
            Literal literal => EndOf(literal, start),
            CharacterClass characters => start < _text.Length && characters.Set.Contains(_text[start]) ? [start + 1] : [],
            Concatenation sequence => sequence.Items.Aggregate(new HashSet<int> { start }, (from, item) => [.. from.SelectMany(position => Ends(item, position))]),
            Alternation choice => [.. choice.Items.SelectMany(item => Ends(item, start))],
            Repetition repetition => EndsOf(repetition, start),
            WidthLimit limit => EndsOf(limit, start),
            Intersection both => [.. Ends(both.First, start).Intersect(Ends(both.Second, start))],
            Reference inner => Ends(inner.Rule.Body, start),
            _ => throw new ArgumentException($"{expression.GetType().Name}?"),
        };
    }

    private HashSet<int> EndOf(Literal literal, int start)
    {
        int[] expected = [.. literal.Text.EnumerateRunes().Select(rune => rune.Value)];
        return _text.AsSpan(start).StartsWith(expected) ? [start + expected.Length] : [];
    }

    private HashSet<int> EndsOf(Repetition repetition, int start)
    {
        HashSet<int> ends = repetition.Minimum == 0 ? [start] : [], last = [start];
        for (int count = 1; last.Count > 0 && !(count > repetition.Maximum); count++)
        {
            last = [.. last.SelectMany(position => Ends(repetition.Item, position))];
            if (count < repetition.Minimum) continue;
            last.ExceptWith(ends);
            ends.UnionWith(last);
        }
        return ends;
    }

    private HashSet<int> EndsOf(WidthLimit limit, int start)
    {
        var byWidth = new List<HashSet<int>> { new() { start } };
        for (int width = 1; width <= limit.Maximum && width <= 2 * _text.Length; width++)
        {
            HashSet<int> ends = [.. byWidth[width - 1].SelectMany(position => Ends(limit.Single, position))];
            if (width > 1) ends.UnionWith(byWidth[width - 2].SelectMany(position => Ends(limit.Double, position)));
            byWidth.Add(ends);
        }
        return [.. byWidth.SelectMany(ends => ends)];
    }

    // Records compare by what they hold, which walks whole expressions.
    private readonly struct Key(object expression) : IEquatable<Key>
    {
        private readonly object _expression = expression;

        public bool Equals(Key other) => ReferenceEquals(_expression, other._expression);

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(_expression);
    }
}
