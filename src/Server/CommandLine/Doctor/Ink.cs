using Llama.Model.Diagnosis;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>The marks of findings, in colour where a person looks at a terminal (and has not asked for none: no-color.org).</summary>
internal sealed class Ink(TextWriter output)
{
    private readonly bool _hasColour = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public string Mark(FindingLevel level) => level switch
    {
        FindingLevel.Fine => Paint("✓", 32),
        FindingLevel.Warning => Paint("!", 33),
        _ => Paint("✗", 31),
    };

    private string Paint(string mark, int colour) => _hasColour ? $"\e[{colour}m{mark}\e[0m" : mark;
}
