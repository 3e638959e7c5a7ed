namespace Llama.Model.Diagnosis;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What it is, in a word or two.</param>
/// <param name="Value">What was found.</param>
/// <param name="Level">What that means for serving.</param>
/// <param name="Remedy">What to do about it; null when nothing is wrong, or when <paramref name="Value"/> says it already.</param>
public sealed record Finding(string Name, string Value, FindingLevel Level = FindingLevel.Fine, string? Remedy = null)
{
    /// <summary>Something that makes it slower or otherwise than one might think.</summary>
    public static Finding Warning(string name, string value, string? remedy = null) => new(name, value, FindingLevel.Warning, remedy);

    /// <summary>Something that keeps it from serving.</summary>
    public static Finding Fault(string name, string value, string? remedy = null) => new(name, value, FindingLevel.Fault, remedy);
}
