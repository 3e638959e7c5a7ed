using Llama.Model.Guidance.Automata;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Writes what schemas say as rules, one for each set of schemas that a value must satisfy, so that recursion and shared definitions cost nothing. Bodies are written
/// from a queue: no schema is nested too deep for the stack.
/// </summary>
internal sealed class ValueText
{
    /// <summary>What is written in place may be written again wherever it is referred to; longer lists become rules.</summary>
    private const int MaxInlineConstants = 16;

    /// <summary>What a written member or item costs as compared with reading one, and a place of an automaton that several conditions on one text make.</summary>
    private const int CostOfPart = 100, CostOfPlace = 25;

    private readonly SchemaReader _reader;
    private readonly JsonLayout _layout;
    private readonly JsonValues _values;
    private readonly NumberText _numbers;
    private readonly Dictionary<string, Expression> _written = [];
    private readonly Queue<(Rule Rule, Conjunction Conjunction)> _unwritten = [];
    private readonly HashSet<Rule> _places = [];

    public ValueText(SchemaReader reader, JsonLayout layout)
    {
        _reader = reader;
        _layout = layout;
        _values = new JsonValues(layout);
        _numbers = new NumberText(reader.Effort);
    }

    /// <summary>The rules that stand for a place in the schema, which is their name.</summary>
    public IReadOnlySet<Rule> Places => _places;

    /// <summary>The texts of values that satisfy a schema.</summary>
    public Expression Write(SchemaNode root)
    {
        Expression start = Of(Conjunction.Of(root));
        while (_unwritten.TryDequeue(out (Rule Rule, Conjunction Conjunction) next))
            next.Rule.Body = OneOf(Spoken(_reader.Read(next.Conjunction)).Select(shape => Of(shape, next.Conjunction.Path)));
        return start;
    }

    private Expression Of(Conjunction conjunction)
    {
        _reader.Effort.Spend(CostOfPart);
        if (_written.TryGetValue(conjunction.Key, out Expression? known)) return known;
        IReadOnlyList<Shape> shapes = _reader.Read(conjunction);
        if (ReferenceEquals(shapes, Shape.Everything)) return _written[conjunction.Key] = _values.Any;
        IReadOnlyList<Shape> spoken = Spoken(shapes);
        if (spoken.All(IsShort)) return _written[conjunction.Key] = OneOf(spoken.Select(shape => Of(shape, conjunction.Path)));
        var rule = new Rule(conjunction.Path);
        _places.Add(rule);
        _unwritten.Enqueue((rule, conjunction));
        return _written[conjunction.Key] = new Reference(rule);
    }

    private Expression Of(Shape shape, string path) => shape switch
    {
        Constants constants => Of(constants, path),
        NumberShape number => Noted(_numbers.Of(number, path)),
        StringShape text => Of(text, path),
        ArrayShape array => Of(array, path),
        ObjectShape members => Of(members, path),
        _ => throw new ArgumentOutOfRangeException(nameof(shape)),
    };

    private Expression Of(ArrayShape shape, string path)
    {
        if (!shape.AreUnique || shape.MaxItems <= 1) return new ArrayText(shape, _layout, Of).Write();
        IReadOnlyList<Shape> items = Spoken(_reader.Read(shape.Items));
        if (shape.Prefix.Count == 0 && items.All(item => item is Constants)) return new UniqueArrayText(shape, [.. items.Cast<Constants>().SelectMany(item => item.Values)], _layout, _reader.Effort).Write();
        throw new GrammarException(SchemaPath.Append(path, "uniqueItems"), "That items differ can be held to only where their schema lists them, as with enum; leave it out and remove repeated items afterwards.");
    }

    private Expression Of(ObjectShape shape, string path)
    {
        if (PropertyCount.Of(shape, path) is not { } count) return Nothing;
        Expression? other = count.MostOthers == 0 ? null : new OtherMembers(shape, path, _reader, _layout, name => Of(name, path), Of).Write();
        return new ObjectText(count, _layout, Of, other).Write();
    }

    private Expression Noted(Expression written)
    {
        _reader.Effort.Spend(written);
        return written;
    }

    // Several conditions on one text make an automaton of its own, which may prove too large, or empty: found out here, where the place is known.
    private Expression Of(StringShape shape, string path)
    {
        if (shape.ConditionCount == 0) return _values.AnyString;
        Expression text = StringText.Of(shape, out bool isIntersection);
        return !isIntersection || HasTexts(text, path) ? text : Nothing;
    }

    private bool HasTexts(Expression text, string path)
    {
        try
        {
            var automaton = AutomatonBuilder.BuildPossiblyEmpty(text, null);
            _reader.Effort.Spend(CostOfPlace * (long)automaton.NodeCount);
            return !automaton.IsEmpty;
        }
        catch (GrammarException e)
        {
            throw new GrammarException(path, e.Message);
        }
    }

    private Expression Of(Constants constants, string path)
    {
        _reader.Effort.SpendOnValues(constants.Values.Count, path);
        return OneOf(constants.Values.Select(value => Exact(JsonText.Spell(value))));
    }

    private static IReadOnlyList<Shape> Spoken(IReadOnlyList<Shape> shapes) =>
        shapes.Any(shape => !shape.IsTacit) ? [.. shapes.Where(shape => !shape.IsTacit)] : shapes;

    private static bool IsShort(Shape shape) => shape switch
    {
        Constants constants => constants.Values.Count <= MaxInlineConstants,
        NumberShape number => number.Factor is null || number.Factor == ExactNumber.One,
        StringShape text => text.Rules.Count == 0,
        _ => false,
    };
}
