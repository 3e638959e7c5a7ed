using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Reads schemas into shapes. What stands beside each other in a schema must hold together: its own keywords, what it refers to, each of <c>allOf</c>, one of
/// <c>anyOf</c> and one of <c>oneOf</c>. Schemas of properties and items are not entered here, only named, so that recursion through them ends.
/// </summary>
internal sealed class SchemaReader
{
    private const int MaxShapes = 2_000, MaxNesting = 100, CostOfMeeting = 8;

    private readonly SchemaDocument _document;
    private readonly bool _isStrict;
    private readonly ShapeReader _shapes;
    private readonly ConstantFilter _filter;
    private readonly Dictionary<SchemaNode, IReadOnlyList<Shape>> _read = [];
    private readonly Dictionary<string, IReadOnlyList<Shape>> _together = [];
    private readonly HashSet<SchemaNode> _open = [];

    public SchemaReader(SchemaDocument document, bool isStrict)
    {
        _document = document;
        _isStrict = isStrict;
        var texts = new TextMatcher(Effort);
        Properties = new PropertyRules(Read, texts);
        _shapes = new ShapeReader(document, Properties, Effort);
        _filter = new ConstantFilter(Read, texts, Properties, Effort);
    }

    /// <summary>The choices that <c>oneOf</c> was read as; whether they exclude each other shows only when all their schemas can be read.</summary>
    public Queue<Choice> Choices { get; } = [];

    /// <summary>What objects ask of properties by their names.</summary>
    public PropertyRules Properties { get; }

    /// <summary>What the schema has cost so far.</summary>
    public Effort Effort { get; } = new();

    /// <summary>The shapes of values that satisfy all of several schemas; none if no value can.</summary>
    public IReadOnlyList<Shape> Read(Conjunction conjunction)
    {
        if (_together.TryGetValue(conjunction.Key, out IReadOnlyList<Shape>? known)) return known;
        IReadOnlyList<Shape> shapes = Shape.Everything;
        foreach (SchemaNode node in conjunction.Nodes) shapes = Meet(shapes, Read(node), node);
        return _together[conjunction.Key] = shapes;
    }

    /// <summary>The shape of values that have both shapes; null when none has, as far as the shapes themselves tell.</summary>
    public Shape? Meet(Shape first, Shape second)
    {
        Effort.Spend(CostOfMeeting + SizeOf(first) + SizeOf(second));
        return ShapeIntersection.Of(first, second, _filter, Properties);
    }

    private IReadOnlyList<Shape> Read(SchemaNode node)
    {
        if (_read.TryGetValue(node, out IReadOnlyList<Shape>? known)) return known;
        if (!_open.Add(node)) throw node.Fault("This schema refers back to itself without a property or an item between, so it says nothing.");
        if (_open.Count > MaxNesting) throw node.Fault($"References, allOf, anyOf and oneOf lead from one to the next more than {MaxNesting} times; flatten them.");
        IReadOnlyList<Shape> shapes = ReadAnew(node);
        _open.Remove(node);
        return _read[node] = shapes;
    }

    private IReadOnlyList<Shape> ReadAnew(SchemaNode node)
    {
        if (node.Element.ValueKind == JsonValueKind.False) return [];
        if (_isStrict) StrictRules.Check(node, node == _document.Root);
        if (node.Element.ValueKind == JsonValueKind.True) return Shape.Everything;
        if (!node.IsObject) throw node.Fault("A schema must be an object or a boolean.");
        SchemaKeywords.Check(node);
        if (SchemaKeywords.IsNever(node)) return [];
        IReadOnlyList<Shape> shapes = _shapes.Read(node);
        if (_shapes.ReadConstants(node, "const") is { } constant) shapes = Meet(shapes, constant, node);
        if (_shapes.ReadConstants(node, "enum") is { } listed) shapes = Meet(shapes, listed, node);
        if (node.Has("$ref")) shapes = Meet(shapes, Read(_document.Resolve(node)), node);
        foreach (SchemaNode branch in Branches(node, "allOf")) shapes = Meet(shapes, Read(branch), node);
        shapes = ReadChoice(node, "anyOf", shapes);
        return ReadChoice(node, "oneOf", shapes);
    }

    private IReadOnlyList<Shape> ReadChoice(SchemaNode node, string keyword, IReadOnlyList<Shape> shapes)
    {
        IReadOnlyList<SchemaNode> branches = Branches(node, keyword);
        if (branches.Count == 0) return shapes;
        IReadOnlyList<Shape>[] alternatives = [.. branches.Select(branch => Meet(shapes, Read(branch), node))];
        if (keyword == "oneOf") Choices.Enqueue(new Choice(node, alternatives));
        return Limited(Union(alternatives.SelectMany(branch => branch)), node);
    }

    // Values that alternatives list one by one, as for an enum with descriptions, are one list from here on.
    private static List<Shape> Union(IEnumerable<Shape> shapes)
    {
        ILookup<bool, Shape> byKind = shapes.Distinct(ReferenceEqualityComparer.Instance).Cast<Shape>().ToLookup(shape => shape is Constants { IsTacit: false });
        if (byKind[true].Count() < 2) return [.. byKind[true], .. byKind[false]];
        return [new Constants([.. byKind[true].Cast<Constants>().SelectMany(constants => constants.Values).DistinctBy(JsonText.Spell)]), .. byKind[false]];
    }

    private IReadOnlyList<SchemaNode> Branches(SchemaNode node, string keyword)
    {
        if (!node.TryGet(keyword, out JsonElement array)) return [];
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() == 0) throw node.Fault(keyword, "Expected an array of at least one schema.");
        return _document.Children(node, keyword, array);
    }

    private IReadOnlyList<Shape> Meet(IReadOnlyList<Shape> first, IReadOnlyList<Shape> second, SchemaNode node)
    {
        if (ReferenceEquals(first, Shape.Everything)) return second;
        if (ReferenceEquals(second, Shape.Everything) || ReferenceEquals(first, second)) return first;
        return Limited([.. first.SelectMany(one => second.Select(other => Meet(one, other))).OfType<Shape>()], node);
    }

    private static long SizeOf(Shape shape) => shape switch
    {
        ObjectShape members => members.Properties.Count + members.Patterns.Count,
        ArrayShape array => array.Prefix.Count,
        Constants constants => constants.Values.Count,
        _ => 0,
    };

    private static List<Shape> Limited(List<Shape> shapes, SchemaNode node) =>
        shapes.Count <= MaxShapes ? shapes : throw node.Fault(FormattableString.Invariant($"The alternatives of this schema combine into more than {MaxShapes:N0}; use fewer anyOf and oneOf together."));
}
