using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>One schema within a document. There is one node for each place, so nodes are compared by reference.</summary>
/// <param name="id">Its number within the document.</param>
/// <param name="path">Its place, such as <c>properties.age</c>; empty for the root.</param>
/// <param name="element">What stands there.</param>
internal sealed class SchemaNode(int id, string path, JsonElement element)
{
    public int Id => id;

    public string Path => path;

    public JsonElement Element => element;

    public bool IsObject => element.ValueKind == JsonValueKind.Object;

    public bool TryGet(string keyword, out JsonElement value)
    {
        value = default;
        return IsObject && element.TryGetProperty(keyword, out value);
    }

    public bool Has(string keyword) => TryGet(keyword, out _);

    public GrammarException Fault(string message) => new(path, message);

    /// <summary>What is wrong with one of this schema's keywords.</summary>
    public GrammarException Fault(string keyword, string message) => new(SchemaPath.Append(path, keyword), message);
}
