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

    public static FieldShape ObjectOf(IReadOnlyList<IField> fields) => new("object", Fields: fields);

    public static FieldShape ArrayOf(FieldShape item) => new("array", Item: item);
}
