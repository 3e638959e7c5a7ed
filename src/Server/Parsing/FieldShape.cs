namespace Llama.Server.Parsing;

/// <summary>The JSON a field takes, in the words of JSON Schema; read by the API description.</summary>
/// <param name="Type"><c>string</c>, <c>number</c>, <c>integer</c>, <c>boolean</c>, <c>array</c> or <c>object</c>; null for several.</param>
/// <param name="Minimum">Smallest number.</param>
/// <param name="Maximum">Largest number.</param>
/// <param name="Item">Shape of an array's items.</param>
/// <param name="Fields">An object's own fields.</param>
internal sealed record FieldShape(string? Type, double? Minimum = null, double? Maximum = null, FieldShape? Item = null, IReadOnlyList<IField>? Fields = null)
{
    public static FieldShape Any { get; } = new(Type: null);

    public static FieldShape Text { get; } = new("string");

    public static FieldShape Flag { get; } = new("boolean");

    public static FieldShape Object { get; } = new("object");

    /// <summary>Whether a number must be above <see cref="Minimum"/> rather than from it.</summary>
    public bool IsAboveMinimum { get; init; }

    /// <summary>The only texts allowed; empty for any.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Shapes of which the value has one; empty where this shape says it itself.</summary>
    public IReadOnlyList<FieldShape> Alternatives { get; init; } = [];

    /// <summary>Fewest items of an array.</summary>
    public int? FewestItems { get; init; }

    /// <summary>Most items of an array.</summary>
    public int? MostItems { get; init; }

    /// <summary>Shape of the values of an object whose names are the caller's.</summary>
    public FieldShape? Value { get; init; }

    public static FieldShape ObjectOf(IReadOnlyList<IField> fields) => new("object", Fields: fields);

    public static FieldShape ArrayOf(FieldShape item, int? fewest = null, int? most = null) => new("array", Item: item) { FewestItems = fewest, MostItems = most };

    public static FieldShape MapOf(FieldShape value) => new("object") { Value = value };

    public static FieldShape OneOf(params string[] words) => new("string") { Words = words };

    public static FieldShape Either(params FieldShape[] alternatives) => new(Type: null) { Alternatives = alternatives };
}
