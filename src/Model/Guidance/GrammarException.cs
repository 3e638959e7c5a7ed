namespace Llama.Model.Guidance;

/// <summary>A regular expression or schema that cannot be turned into a grammar. The message names what is not supported or wrong, in words for the caller.</summary>
/// <param name="path">Place within a schema, such as <c>properties.age.multipleOf</c>; empty for the whole, and for a regular expression.</param>
/// <param name="message">What is wrong and what would be right.</param>
public sealed class GrammarException(string path, string message) : Exception(message)
{
    /// <summary>Place within the schema; empty for the whole.</summary>
    public string Path => path;
}
