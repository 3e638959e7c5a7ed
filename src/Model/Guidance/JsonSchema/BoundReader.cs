using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Reads ranges of numbers, in the present form and in draft 4's, where the exclusive keywords are booleans beside the others.</summary>
internal static class BoundReader
{
    public static Bound? ReadMinimum(SchemaNode node) => Bound.Higher(Read(node, "minimum", IsTrue(node, "exclusiveMinimum")), ReadExclusive(node, "exclusiveMinimum"));

    public static Bound? ReadMaximum(SchemaNode node) => Bound.Lower(Read(node, "maximum", IsTrue(node, "exclusiveMaximum")), ReadExclusive(node, "exclusiveMaximum"));

    /// <summary>What a number must be a multiple of; null if nothing is said.</summary>
    public static ExactNumber? ReadFactor(SchemaNode node)
    {
        if (!node.TryGet("multipleOf", out JsonElement value)) return null;
        string path = SchemaPath.Append(node.Path, "multipleOf");
        var number = ExactNumber.Read(value, path);
        return number.Digits.Sign > 0 ? number : throw new GrammarException(path, "Expected a number above 0.");
    }

    private static bool IsTrue(SchemaNode node, string keyword) => node.TryGet(keyword, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static Bound? ReadExclusive(SchemaNode node, string keyword) =>
        node.TryGet(keyword, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : Read(node, keyword, true);

    private static Bound? Read(SchemaNode node, string keyword, bool isExclusive) =>
        node.TryGet(keyword, out JsonElement value) ? new Bound(ExactNumber.Read(value, SchemaPath.Append(node.Path, keyword)), isExclusive) : null;
}
