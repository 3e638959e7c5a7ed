using static Llama.Model.Checkpoints.CheckpointLayout;

namespace Llama.Model.Checkpoints;

/// <summary>Compares the tensors of a checkpoint with those its configuration demands.</summary>
/// <param name="expected">These, by the names and with the shapes that the files should have.</param>
/// <param name="origin">What demands them, for people.</param>
internal abstract class TensorCheck(IEnumerable<ExpectedTensor> expected, string origin)
{
    /// <summary>One sentence for each tensor missing, misshapen, of a type that cannot be loaded, or unexpected.</summary>
    public IEnumerable<string> Faults(IEnumerable<TensorEntry> tensors)
    {
        var others = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (ExpectedTensor wanted in expected)
            foreach (string fault in others.Remove(wanted.Name, out TensorEntry? tensor) ? Compare(tensor, wanted) : [$"{wanted.Name} [{Sizes(wanted.Shape)}] is missing{RemedyOfMissing(wanted.Name, others)}"])
                yield return fault;
        foreach (string name in others.Keys.Where(name => !IsIgnored(name)).Order(StringComparer.Ordinal)) yield return Unexpected(name);
    }

    /// <summary>Sentences on a tensor's type, if it is not as it should be.</summary>
    protected abstract IEnumerable<string> TypeFaults(TensorEntry tensor, ExpectedTensor wanted);

    /// <summary>Whether a tensor may be present that carries nothing.</summary>
    protected abstract bool IsIgnored(string name);

    /// <summary>To follow the sentence on a tensor that is missing; often none.</summary>
    /// <param name="name">Its.</param>
    /// <param name="others">Those that are there and were not asked for so far.</param>
    protected virtual string RemedyOfMissing(string name, IReadOnlyDictionary<string, TensorEntry> others) => "";

    /// <summary>What a tensor that nobody asked for seems to be, to follow its name; null where nothing is known.</summary>
    protected virtual string? Recognise(string name) => null;

    private string Unexpected(string name) => name.EndsWith(".bias", StringComparison.Ordinal)
        ? $"{name} is not part of a Llama: biases are not supported"
        : $"{name} {Recognise(name) ?? $"is not part of the Llama that {origin} describes"}";

    private IEnumerable<string> Compare(TensorEntry tensor, ExpectedTensor wanted)
    {
        IEnumerable<string> faults = TypeFaults(tensor, wanted);
        return tensor.Shape.AsSpan().SequenceEqual(wanted.Shape) ? faults : faults.Prepend($"{tensor.Name} is [{Sizes(tensor.Shape)}]; {origin} makes it [{Sizes(wanted.Shape)}]");
    }

    private static string Sizes(long[] shape) => string.Join(", ", shape);
}
