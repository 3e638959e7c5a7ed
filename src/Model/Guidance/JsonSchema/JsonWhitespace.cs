namespace Llama.Model.Guidance;

/// <summary>Where JSON that a grammar describes may hold white space outside strings.</summary>
public enum JsonWhitespace
{
    /// <summary>Nowhere: every token is content.</summary>
    Compact,

    /// <summary>Where a writer would put it, and never without bound: a space, or a new line and its indentation, within brackets and after commas; a space after colons.</summary>
    Free,
}
