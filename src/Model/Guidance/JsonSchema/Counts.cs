using System.Numerics;
using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Counts of characters, items and properties.</summary>
internal static class Counts
{
    /// <summary>A grammar counts by having as many places. A larger upper end is drawn down to this, which loses nothing that a model's context would hold.</summary>
    private const int Largest = 10_000;

    public static int? Read(SchemaNode node, string keyword)
    {
        if (!node.TryGet(keyword, out JsonElement value)) return null;
        string path = SchemaPath.Append(node.Path, keyword);
        var number = ExactNumber.Read(value, path);
        BigInteger count = number.Floor();
        if (number.Decimals > 0 || count.Sign < 0) throw new GrammarException(path, "Expected an integer of at least 0.");
        if (count <= Largest) return (int)count;
        return keyword.StartsWith("max", StringComparison.Ordinal) ? Largest : throw new GrammarException(path, FormattableString.Invariant($"At least {count} is more than can be held to; the most is {Largest:N0}."));
    }
}
