using System.Text.Json;
using Llama.Model.Diagnosis;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>The examinations, and of their findings those that something should be done about.</summary>
/// <param name="Examinations">Everything that was looked at.</param>
/// <param name="Problems">Faults first, then warnings; what two examinations stumbled over once.</param>
internal sealed record DoctorReport(Examination[] Examinations, Problem[] Problems)
{
    public static DoctorReport Of(IEnumerable<Examination> examinations)
    {
        Examination[] all = [.. examinations];
        return new DoctorReport(all, [.. all.SelectMany(Problem.Of).DistinctBy(problem => problem.Value).OrderByDescending(problem => problem.Level)]);
    }

    /// <summary>Whether nothing keeps the server from serving.</summary>
    public bool CanServe => Problems.All(problem => problem.Level != FindingLevel.Fault);

    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, DoctorJson.Line.DoctorReport));

    public void WriteTable(TextWriter output)
    {
        Ink ink = new(output);
        int width = Examinations.SelectMany(examination => examination.Findings).Max(finding => finding.Name.Length);
        foreach (Examination examination in Examinations)
        {
            output.WriteLine(examination.Title);
            foreach (Finding finding in examination.Findings) output.WriteLine($"  {ink.Mark(finding.Level)} {finding.Name.PadRight(width)}  {finding.Value}");
            output.WriteLine();
        }
        WriteProblems(output, ink);
    }

    private void WriteProblems(TextWriter output, Ink ink)
    {
        if (Problems.Length == 0)
        {
            output.WriteLine($"{ink.Mark(FindingLevel.Fine)} Nothing is wrong: it will serve.");
            return;
        }
        output.WriteLine(CanServe ? "It will serve. What could be better, and how:" : "It will not serve. What is wrong, and how to mend it:");
        foreach (Problem problem in Problems) output.WriteLine($"  {ink.Mark(problem.Level)} {problem}");
    }
}
