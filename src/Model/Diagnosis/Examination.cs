namespace Llama.Model.Diagnosis;

/// <summary>Everything that was found about one subject.</summary>
/// <param name="Title">The subject.</param>
/// <param name="Findings">In the order in which they are shown.</param>
public sealed record Examination(string Title, IReadOnlyList<Finding> Findings)
{
    /// <summary>Makes the findings one by one. Whatever is so broken that even looking at it fails is a finding too, behind those made before.</summary>
    public static Examination Of(string title, IEnumerable<Finding> findings)
    {
        List<Finding> made = [];
        try
        {
            foreach (Finding finding in findings) made.Add(finding);
        }
        catch (Exception e) // of any kind: a report about a broken machine is worth most where nobody thought of what broke
        {
            made.Add(Finding.Fault(title, $"could not be examined further: {e.Message.ReplaceLineEndings(" ")}"));
        }
        return new Examination(title, made);
    }
}
