namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Compares the tensors of a GGUF model with those its metadata demands.</summary>
internal static class GgufCheck
{
    /// <summary>One sentence for each tensor missing, misshapen, of a type that cannot be loaded, or unexpected.</summary>
    public static IEnumerable<string> Faults(LlamaConfig config, IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        var others = new HashSet<string>(tensors.Keys, StringComparer.Ordinal);
        others.Remove(GgufNames.RopeFactors);
        foreach (CheckpointLayout.ExpectedTensor expected in CheckpointLayout.Expected(config))
        {
            string name = GgufNames.Of(expected.Name);
            others.Remove(name);
            foreach (string fault in tensors.TryGetValue(name, out TensorEntry? tensor) ? Compare(tensor, expected.Shape) : [$"{name} [{Sizes(expected.Shape)}] is missing"])
                yield return fault;
        }
        foreach (string name in others.Order(StringComparer.Ordinal))
            yield return name.EndsWith(".bias", StringComparison.Ordinal) ? $"{name} is not part of a Llama: biases are not supported" : $"{name} is not part of the Llama that the metadata describes";
    }

    private static IEnumerable<string> Compare(TensorEntry tensor, long[] expected)
    {
        if (!tensor.Shape.AsSpan().SequenceEqual(expected)) yield return $"{tensor.Name} is [{Sizes(tensor.Shape)}]; the metadata makes it [{Sizes(expected)}]";
        if (expected.Length == 1 && BlockFormat.Find(tensor.Dtype) is not null) yield return $"{tensor.Name} is {tensor.Dtype}; expected F32, F16 or BF16: norms are not quantised";
        if (GgufTensorType.Find(tensor.Dtype) is null)
            yield return $"{tensor.Name} is {tensor.Dtype}; expected {GgufTensorType.Names}: take another file of this model, or make one with llama-quantize (say, Q4_K_M or Q8_0)";
    }

    private static string Sizes(long[] shape) => string.Join(", ", shape);
}
