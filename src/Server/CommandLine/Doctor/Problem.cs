using Llama.Model.Diagnosis;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>A finding that something should be done about.</summary>
/// <param name="Subject">What was examined.</param>
/// <param name="Name">What of it.</param>
/// <param name="Value">What is wrong.</param>
/// <param name="Level">Whether it keeps the server from serving.</param>
/// <param name="Remedy">What to do; null where <paramref name="Value"/> says it.</param>
internal sealed record Problem(string Subject, string Name, string Value, FindingLevel Level, string? Remedy)
{
    public static IEnumerable<Problem> Of(Examination examination) =>
        from finding in examination.Findings
        where finding.Level > FindingLevel.Fine
        select new Problem(examination.Title, finding.Name, finding.Value, finding.Level, finding.Remedy);

    /// <summary>One line: what is wrong, and how to mend it.</summary>
    public override string ToString() => $"{Subject}{(Name == Subject ? "" : $", {Name}")}: {Value}{(Remedy is null ? "" : $"{(Value.EndsWith('.') ? "" : ".")} {Remedy}")}";
}
