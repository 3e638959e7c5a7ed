using Llama.Model.Diagnosis;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>The marks of findings, in colour where that is seen.</summary>
internal sealed class Ink(TextWriter output)
{
    private readonly bool _hasColour = TerminalOutput.HasColour(output);

    public string Mark(FindingLevel level) => level switch
    {
        FindingLevel.Fine => Paint("✓", 32),
        FindingLevel.Warning => Paint("!", 33),
        _ => Paint("✗", 31),
    };

    private string Paint(string mark, int colour) => _hasColour ? $"\e[{colour}m{mark}\e[0m" : mark;
}
