namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Whether any text at all goes by a grammar. A rule can be finished if some text goes by rules that can; this spreads from the rules that need no others. Where only a part
/// cannot be finished, the automaton never enters it.
/// </summary>
internal sealed class Satisfiability
{
    private readonly List<Rule> _rules = [];
    private readonly Dictionary<Rule, List<Rule>> _users = [];
    private readonly HashSet<Rule> _finished = [];

    private Satisfiability(Expression start)
    {
        Collect(start);
        Spread();
    }

    /// <summary>Refuses a grammar without texts.</summary>
    /// <param name="start">The grammar.</param>
    /// <param name="places">The rules that stand for a place in the schema.</param>
    /// <exception cref="GrammarException">It has none; the path is the schema that cannot be satisfied.</exception>
    public static void Check(Expression start, IReadOnlySet<Rule> places)
    {
        var found = new Satisfiability(start);
        if (found.CanFinish(start)) return;
        throw new GrammarException(found.Cause(start, places), "This schema can never be satisfied: what it asks for contradicts itself, is beyond what can be written, or requires a value within a value without end.");
    }

    private void Collect(Expression start)
    {
        var found = new HashSet<Rule>();
        var waiting = new Stack<(Rule? User, Expression Body)>([(null, start)]);
        while (waiting.TryPop(out (Rule? User, Expression Body) next))
        {
            foreach (Rule rule in References(next.Body))
            {
                if (!_users.TryGetValue(rule, out List<Rule>? users)) _users[rule] = users = [];
                if (next.User is not null) users.Add(next.User);
                if (!found.Add(rule)) continue;
                _rules.Add(rule);
                waiting.Push((rule, rule.Body));
            }
        }
    }

    private void Spread()
    {
        var waiting = new Stack<Rule>(_rules); // the last found first: they need the fewest others
        while (waiting.TryPop(out Rule? rule))
        {
            if (_finished.Contains(rule) || !CanFinish(rule.Body)) continue;
            _finished.Add(rule);
            foreach (Rule user in _users[rule].Where(user => !_finished.Contains(user))) waiting.Push(user);
        }
    }

    private static IEnumerable<Rule> References(Expression expression) => expression switch
    {
        Reference reference => [reference.Rule],
        Concatenation sequence => sequence.Items.SelectMany(References),
        Alternation choice => choice.Items.SelectMany(References),
        Repetition repetition => References(repetition.Item),
        _ => [],
    };

    private bool CanFinish(Expression expression) => expression switch
    {
        CharacterClass characters => !characters.Set.IsEmpty,
        Reference reference => _finished.Contains(reference.Rule),
        Concatenation sequence => sequence.Items.All(CanFinish),
        Alternation choice => choice.Items.Any(CanFinish),
        Repetition repetition => repetition.Minimum == 0 || CanFinish(repetition.Item),
        _ => true,
    };

    // Follows the first thing that cannot be finished down to the rule that is to blame, or round a circle.
    private string Cause(Expression start, IReadOnlySet<Rule> places)
    {
        var seen = new HashSet<Rule>();
        Rule? cause = null;
        for (Rule? next = Dead(start); next is not null && seen.Add(next); next = Dead(next.Body)) cause = places.Contains(next) ? next : cause;
        return cause?.Name ?? "";
    }

    private Rule? Dead(Expression expression) => expression switch
    {
        Reference reference when !CanFinish(reference) => reference.Rule,
        Concatenation sequence => sequence.Items.Where(item => !CanFinish(item)).Select(Dead).FirstOrDefault(rule => rule is not null),
        Alternation choice => choice.Items.Select(Dead).FirstOrDefault(rule => rule is not null),
        Repetition repetition => Dead(repetition.Item),
        _ => null,
    };
}
