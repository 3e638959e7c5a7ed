namespace Llama.Model.Checkpoints;

/// <summary>A checkpoint that cannot be served. Carries every fault found, so that one look is enough to mend them all.</summary>
public sealed class CheckpointException(string source, IReadOnlyList<string> faults) : Exception(Describe(source, faults))
{
    private const int ShownFaults = 40;

    /// <summary>A single fault.</summary>
    public CheckpointException(string source, string fault) : this(source, [fault]) { }

    /// <summary>What is wrong, one sentence each, fit to be printed whatever the file holds.</summary>
    public IReadOnlyList<string> Faults { get; } = [.. faults.Select(FaultText.Printable)];

    private static string Describe(string source, IReadOnlyList<string> faults)
    {
        if (faults.Count == 1) return $"{source}: {FaultText.Printable(faults[0])}";
        IEnumerable<string> shown = faults.Take(ShownFaults).Select(fault => "\n  - " + FaultText.Printable(fault));
        string rest = faults.Count > ShownFaults ? $"\n  … and {faults.Count - ShownFaults} more" : "";
        return $"{source} has {faults.Count} faults:{string.Concat(shown)}{rest}";
    }
}
