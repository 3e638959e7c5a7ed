using System.Numerics;
using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Formats of numbers: OpenAPI's names for the types of programming languages. Those of integers are ranges without fractions, to some validators and to whoever stores the value.</summary>
internal static class NumberFormats
{
    private static readonly string[] OfFractions = ["float", "double", "decimal", "number", "integer"];

    private static readonly Dictionary<string, (BigInteger Minimum, BigInteger Maximum)> OfIntegers = new()
    {
        ["int8"] = (sbyte.MinValue, sbyte.MaxValue),
        ["uint8"] = (byte.MinValue, byte.MaxValue),
        ["int16"] = (short.MinValue, short.MaxValue),
        ["uint16"] = (ushort.MinValue, ushort.MaxValue),
        ["int32"] = (int.MinValue, int.MaxValue),
        ["uint32"] = (uint.MinValue, uint.MaxValue),
        ["int64"] = (long.MinValue, long.MaxValue),
        ["uint64"] = (ulong.MinValue, ulong.MaxValue),
        ["int"] = (int.MinValue, int.MaxValue),
        ["long"] = (long.MinValue, long.MaxValue),
        ["ulong"] = (ulong.MinValue, ulong.MaxValue),
    };

    public static bool Knows(string name) => OfFractions.Contains(name) || OfIntegers.ContainsKey(name);

    /// <summary>Whether a schema's format says something of numbers.</summary>
    public static bool Limits(SchemaNode node) => NameOf(node) is { } name && OfIntegers.ContainsKey(name);

    /// <summary>The name of a schema's format; null where it has none.</summary>
    /// <exception cref="GrammarException">It is not valid Unicode.</exception>
    public static string? NameOf(SchemaNode node) =>
        node.TryGet("format", out JsonElement format) && format.ValueKind == JsonValueKind.String ? SchemaPath.ReadText(format, SchemaPath.Append(node.Path, "format")) : null;

    public static NumberShape Apply(NumberShape shape, SchemaNode node)
    {
        if (NameOf(node) is not { } name || !OfIntegers.TryGetValue(name, out (BigInteger Minimum, BigInteger Maximum) range)) return shape; // formats of strings say nothing of numbers
        return shape with
        {
            Minimum = Bound.Higher(shape.Minimum, new Bound(new ExactNumber(range.Minimum, 0), false)),
            Maximum = Bound.Lower(shape.Maximum, new Bound(new ExactNumber(range.Maximum, 0), false)),
            Factor = ExactNumber.CommonMultiple(shape.Factor, ExactNumber.One),
        };
    }
}
