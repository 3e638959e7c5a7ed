using System.Runtime.CompilerServices;
using System.Text;

namespace Llama.Model.Guidance.Automata;

/// <summary>
/// Builds the automaton of an expression: rules and counted repetitions are parts of their own that are entered and returned from, all else is laid out in place.
/// Places from which nothing can be completed are found and never entered, so an output that follows the automaton meets no dead end.
/// </summary>
internal sealed class AutomatonBuilder
{
    // Short counts of single characters, such as \d{4}, are cheaper laid out than counted.
    private const int MostCopies = 8;

    private readonly NodeList _list = new();
    private readonly CodePointSet? _alphabet;
    private readonly Dictionary<Rule, int> _rules = [];
    private readonly Queue<Rule> _unbuilt = new();
    private readonly List<int> _repeats = [];
    private readonly Dictionary<CodePointSet, Utf8Class> _classes = new(ReferenceEqualityComparer.Instance);

    private AutomatonBuilder(CodePointSet? alphabet) => _alphabet = alphabet;

    /// <summary>Builds an automaton.</summary>
    /// <param name="start">What a text must be.</param>
    /// <param name="alphabet">The characters that texts can be written with; null for all.</param>
    /// <exception cref="GrammarException">It is too large, refers to itself without end, or describes no text at all.</exception>
    public static Automaton Build(Expression start, CodePointSet? alphabet = null)
    {
        Automaton automaton = BuildPossiblyEmpty(start, alphabet);
        if (!automaton.IsEmpty) return automaton;
        throw new GrammarException("", "No text at all satisfies this: its parts contradict each other" + (alphabet is null ? "." : ", or this model's vocabulary cannot spell them."));
    }

    /// <summary>Builds an automaton that may describe no text.</summary>
    public static Automaton BuildPossiblyEmpty(Expression start, CodePointSet? alphabet) => new AutomatonBuilder(alphabet).BuildAll(start);

    private Automaton BuildAll(Expression expression)
    {
        int start = Build(expression, NodeList.Return);
        while (_unbuilt.TryDequeue(out Rule? rule)) _list.SetSplit(_rules[rule], Build(rule.Body, NodeList.Return));
        bool[] canFinishEmpty = NodeProperty.CanFinishEmpty(_list);
        RefuseEndlessReference(start, canFinishEmpty);
        foreach (int repeat in _repeats)
        {
            if (canFinishEmpty[_list.Nodes[repeat].First]) _list.ClearMinimum(repeat);
        }
        return new Automaton(_list, NodeProperty.CanFinish(_list), start);
    }

    private void RefuseEndlessReference(int start, bool[] canFinishEmpty)
    {
        if (new LeftRecursion(_list, canFinishEmpty).Find([start, .. _rules.Values, .. _repeats.Select(repeat => _list.Nodes[repeat].First)]) is not { } part) return;
        string name = _rules.FirstOrDefault(rule => rule.Value == part).Key?.Name ?? "A repetition";
        throw new GrammarException("", $"{name} refers to itself without end: something must be written before it may come again.");
    }

    private int Build(Expression expression, int next)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new GrammarException("", "The grammar is nested too deeply.");
        return expression switch
        {
            Literal literal => BuildLiteral(literal.Text, next),
            CharacterClass characters => BuildClass(characters.Set, next),
            Concatenation sequence => BuildSequence(sequence.Items, next),
            Alternation choice => BuildChoice(choice.Items, next),
            Repetition repetition => BuildRepetition(repetition, next),
            WidthLimit limit => BuildWidthLimit(limit, next),
            Intersection both => new IntersectionBuilder(_list, _alphabet).Build(both, next),
            Reference reference => _list.AddCall(PartOf(reference.Rule), next),
            _ => throw new ArgumentException($"{expression.GetType().Name} is no expression of a grammar.", nameof(expression)),
        };
    }

    private int BuildLiteral(string text, int next)
    {
        if (_alphabet is not null && text.EnumerateRunes().Any(rune => !_alphabet.Contains(rune.Value))) return NodeList.DeadEnd;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int i = bytes.Length - 1; i >= 0; i--) next = _list.AddRead([new ByteEdge(bytes[i], bytes[i], next)]);
        return next;
    }

    private int BuildClass(CodePointSet set, int next)
    {
        if (!_classes.TryGetValue(set, out Utf8Class? utf8)) _classes[set] = utf8 = new Utf8Class(_alphabet is null ? set : set.Intersect(_alphabet));
        if (utf8.Start < 0) return NodeList.DeadEnd;
        Span<int> nodes = utf8.States.Count <= 256 ? stackalloc int[utf8.States.Count] : new int[utf8.States.Count];
        nodes[0] = next;
        for (int state = 1; state < nodes.Length; state++)
        {
            ByteEdge[] edges = [.. utf8.States[state]];
            for (int i = 0; i < edges.Length; i++) edges[i] = edges[i] with { Target = nodes[edges[i].Target] };
            nodes[state] = _list.AddRead(edges);
        }
        return nodes[utf8.Start];
    }

    private int BuildSequence(IReadOnlyList<Expression> items, int next)
    {
        for (int i = items.Count - 1; i >= 0; i--) next = Build(items[i], next);
        return next;
    }

    private int BuildChoice(IReadOnlyList<Expression> items, int next)
    {
        int[] targets = new int[items.Count];
        for (int i = 0; i < targets.Length; i++) targets[i] = Build(items[i], next);
        return _list.AddSplit(targets);
    }

    private int BuildRepetition(Repetition repetition, int next)
    {
        (Expression item, int minimum, int? maximum) = repetition;
        if (maximum < minimum) return NodeList.DeadEnd;
        if (maximum == 0) return next;
        if (maximum == 1) return minimum == 1 ? Build(item, next) : _list.AddSplit(Build(item, next), next);
        if (maximum is null && minimum <= 1) return BuildLoop(item, minimum, next);
        if (item is CharacterClass or Literal && Math.Max(minimum, maximum ?? 0) <= MostCopies) return BuildCopies(item, minimum, maximum, next);
        int repeat = _list.AddRepeat(Build(item, NodeList.Return), next, minimum, maximum);
        _repeats.Add(repeat);
        return repeat;
    }

    private int BuildLoop(Expression item, int minimum, int next)
    {
        int loop = _list.Reserve(), body = Build(item, loop);
        _list.SetSplit(loop, body, next);
        return minimum == 0 ? loop : body;
    }

    private int BuildCopies(Expression item, int minimum, int? maximum, int next)
    {
        int rest = maximum is null ? BuildLoop(item, 0, next) : next;
        for (int i = minimum; i < maximum; i++) rest = _list.AddSplit(Build(item, rest), next);
        for (int i = 0; i < minimum; i++) rest = Build(item, rest);
        return rest;
    }

    private int BuildWidthLimit(WidthLimit limit, int next) =>
        _list.AddRepeat(Build(limit.Single, NodeList.Return), next, 0, limit.Maximum, twice: Build(limit.Double, NodeList.Return));

    // Bodies wait their turn, so that rules may refer to each other in circles.
    private int PartOf(Rule rule)
    {
        if (_rules.TryGetValue(rule, out int part)) return part;
        _rules[rule] = part = _list.Reserve();
        _unbuilt.Enqueue(rule);
        return part;
    }
}
