using System.Buffers;
using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Places within a schema as callers read them: <c>$defs.node.anyOf[1]</c>; a name that would read as something else is quoted.</summary>
internal static class SchemaPath
{
    private static readonly SearchValues<char> Odd = SearchValues.Create(".[]\"\\ \n\r\t");

    public static string Append(string path, string name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAny(Odd)) return $"{path}[{JsonText.Spell(name)}]";
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    public static string Append(string path, int index) => $"{path}[{index}]";

    /// <summary>The members of an object of the schema; of several by one name the last, as readers do.</summary>
    /// <exception cref="GrammarException">It is no object, or a name is not valid Unicode.</exception>
    public static IReadOnlyDictionary<string, JsonElement> ReadMembers(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object) throw new GrammarException(path, "Expected an object.");
        var members = new OrderedDictionary<string, JsonElement>();
        try
        {
            foreach (JsonProperty member in element.EnumerateObject()) members[member.Name] = member.Value;
        }
        catch (InvalidOperationException) // half of a surrogate pair
        {
            throw new GrammarException(path, "A name in this object is not valid Unicode.");
        }
        return members;
    }

    /// <summary>A string of the schema.</summary>
    /// <exception cref="GrammarException">It is none, or not valid Unicode.</exception>
    public static string ReadText(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.String) throw new GrammarException(path, "Expected a string.");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException) // half of a surrogate pair
        {
            throw new GrammarException(path, "This text is not valid Unicode.");
        }
    }
}
