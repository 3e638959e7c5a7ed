using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// What a schema says of one kind of value. A schema is read into shapes, any one of which a value may have: <c>anyOf</c> adds shapes and whatever must hold together
/// intersects them, so that the rest of the work knows nothing of keywords.
/// </summary>
internal abstract record Shape
{
    /// <summary>One of each kind without bounds: what the schema <c>true</c> says.</summary>
    public static IReadOnlyList<Shape> Everything { get; } =
    [
        Constants.Null with { IsTacit = true }, Constants.Booleans with { IsTacit = true }, NumberShape.Any with { IsTacit = true },
        new StringShape { IsTacit = true }, new ArrayShape { IsTacit = true }, new ObjectShape { IsTacit = true },
    ];

    /// <summary>
    /// Whether values of this kind are allowed only because nothing is said of kinds: <c>{"properties": …}</c> allows a number, but who writes it means an object.
    /// Written only where no kind is spoken of.
    /// </summary>
    public bool IsTacit { get; init; }
}

/// <summary>One of these values.</summary>
internal sealed record Constants(IReadOnlyList<JsonElement> Values) : Shape
{
    public static Constants Null { get; } = Parse("[null]");

    public static Constants Booleans { get; } = Parse("[true,false]");

    private static Constants Parse(string json) => new([.. JsonDocument.Parse(json).RootElement.EnumerateArray()]);
}

/// <summary>A number.</summary>
/// <param name="Factor">What it must be a multiple of, 1 for integers; null for any.</param>
internal sealed record NumberShape(Bound? Minimum, Bound? Maximum, ExactNumber? Factor) : Shape
{
    public static NumberShape Any { get; } = new(null, null, null);
}

/// <summary>A string.</summary>
internal sealed record StringShape : Shape
{
    public int MinLength { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>What its text must look like, by patterns and formats, each once.</summary>
    public IReadOnlyList<TextRule> Rules { get; init; } = [];

    public bool HasLength => MinLength > 0 || MaxLength is not null;

    /// <summary>How many things are said of its text.</summary>
    public int ConditionCount => Rules.Count + (HasLength ? 1 : 0);
}

/// <summary>A pattern or format that the text of a string must match.</summary>
/// <param name="Name">Equal for equal rules.</param>
/// <param name="Path">Where the schema says so.</param>
/// <param name="Text">Its texts, before JSON's escapes.</param>
internal sealed record TextRule(string Name, string Path, Expression Text)
{
    /// <summary>Whether it is a pattern, of which text in ASCII matches all or nothing of what it should.</summary>
    public bool IsPattern { get; init; }

    public bool Equals(TextRule? other) => other?.Name == Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>An array.</summary>
internal sealed record ArrayShape : Shape
{
    /// <summary>What each of the first items must satisfy.</summary>
    public IReadOnlyList<Conjunction> Prefix { get; init; } = [];

    /// <summary>What the items after these must satisfy.</summary>
    public Conjunction Items { get; init; } = Conjunction.Anything;

    /// <summary>Whether a schema speaks of items after the first; if none does, more are allowed but not written without need.</summary>
    public bool NamesItems { get; init; }

    public int MinItems { get; init; }

    public int? MaxItems { get; init; }

    /// <summary>Whether no two items may be equal.</summary>
    public bool AreUnique { get; init; }
}

/// <summary>An object.</summary>
internal sealed record ObjectShape : Shape
{
    /// <summary>The properties it declares, in the schema's order.</summary>
    public IReadOnlyList<PropertyShape> Properties { get; init; } = [];

    /// <summary>What other properties must satisfy, by what their names match.</summary>
    public IReadOnlyList<PatternShape> Patterns { get; init; } = [];

    /// <summary>What every other property must satisfy whose name matches none of the patterns.</summary>
    public Conjunction Others { get; init; } = Conjunction.Anything;

    /// <summary>What every name must satisfy; the declared properties are held to it already.</summary>
    public Conjunction Names { get; init; } = Conjunction.Anything;

    public int MinCount { get; init; }

    public int? MaxCount { get; init; }

    /// <summary>Whether a schema lists properties, be it none.</summary>
    public bool NamesProperties { get; init; }

    /// <summary>Whether a schema speaks of other properties.</summary>
    public bool NamesOthers { get; init; }

    /// <summary>Whether others than are declared are written: a model that may add properties to declared ones adds them without end, so only where the schema speaks of them, or of no property at all.</summary>
    public bool SpeaksOfOthers => NamesOthers || (!NamesProperties && Properties.Count == 0 && Patterns.Count == 0);

    /// <summary>Whether the declared ones are too few.</summary>
    public bool NeedsOthers => MinCount > Properties.Count;
}

/// <summary>Properties whose names match a pattern.</summary>
internal sealed record PatternShape(TextRule Names, Conjunction Value);

/// <summary>A declared property.</summary>
internal sealed record PropertyShape(string Name, Conjunction Value, bool IsRequired);
