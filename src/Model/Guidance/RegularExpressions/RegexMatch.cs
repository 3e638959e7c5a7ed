namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>How much of a text a regular expression must cover.</summary>
internal enum RegexMatch
{
    /// <summary>All of it, as in <c>guided_regex</c>.</summary>
    Whole,

    /// <summary>Any stretch of it, as in a JSON Schema's <c>pattern</c>; anchors hold a side fast.</summary>
    Search,
}
