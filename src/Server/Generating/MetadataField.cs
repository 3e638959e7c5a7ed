using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>Reads <c>metadata</c> within OpenAI's bounds.</summary>
internal static class MetadataField
{
    private const int MostPairs = 16, MostOfName = 64, MostOfValue = 512;

    public static Dictionary<string, string> Read(FieldReader metadata)
    {
        var pairs = new Dictionary<string, string>();
        if (!metadata.Expect(JsonValueKind.Object, "an object"))
            return pairs;
        foreach (JsonProperty pair in metadata.Value.EnumerateObject())
        {
            var value = new FieldReader(pair.Value, $"{metadata.Path}.{pair.Name}", metadata.Errors);
            pairs.Add(pair.Name, value.String());
            if (pair.Name.Length > MostOfName || pairs[pair.Name].Length > MostOfValue)
                value.Invalid($"names have at most {MostOfName} characters, values at most {MostOfValue}");
        }
        if (pairs.Count > MostPairs)
            metadata.Invalid($"expected at most {MostPairs} pairs, but got {pairs.Count}");
        return pairs;
    }
}
