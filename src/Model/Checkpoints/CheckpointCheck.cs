namespace Llama.Model.Checkpoints;

/// <summary>Compares the tensors of a checkpoint with those its configuration demands.</summary>
internal static class CheckpointCheck
{
    /// <summary>One sentence for each tensor missing, misshapen, of a type that cannot be loaded, or unexpected.</summary>
    public static IReadOnlyList<string> Faults(LlamaConfig config, IEnumerable<TensorEntry> tensors)
    {
        var found = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (CheckpointLayout.ExpectedTensor expected in CheckpointLayout.Stored(config))
        {
            if (found.Remove(expected.Name, out TensorEntry? tensor)) Compare(tensor, expected, faults);
            else faults.Add(Missing(expected, found));
        }
        faults.AddRange(found.Keys.Where(name => !CheckpointLayout.IsIgnored(name, config)).Order(StringComparer.Ordinal).Select(Unexpected));
        return faults;
    }

    private static void Compare(TensorEntry tensor, CheckpointLayout.ExpectedTensor expected, List<string> faults)
    {
        if (!tensor.Shape.AsSpan().SequenceEqual(expected.Shape))
            faults.Add($"{tensor.Name} is [{Sizes(tensor.Shape)}]; config.json makes it [{Sizes(expected.Shape)}]");
        if (expected.Dtype is null && TensorDtypes.Parse(tensor.Dtype) is null or TensorDtype.U8)
            faults.Add($"{tensor.Name} is {tensor.Dtype}; expected F32, F16 or BF16: use the unquantised checkpoint");
        if (expected.Dtype is not null && tensor.Dtype != expected.Dtype.ToString())
            faults.Add($"{tensor.Name} is {tensor.Dtype}; expected {expected.Dtype}: quantise the checkpoint again");
    }

    private static string Missing(CheckpointLayout.ExpectedTensor expected, Dictionary<string, TensorEntry> others)
    {
        string remedy = expected.Name switch
        {
            CheckpointLayout.OwnHead => "; if the head is the embedding, set tie_word_embeddings to true in config.json",
            _ when others.ContainsKey(expected.Name["model.".Length..]) => "; it is there without \"model.\": export the LlamaForCausalLM, not its inner LlamaModel",
            _ => "",
        };
        return $"{expected.Name} [{Sizes(expected.Shape)}] is missing{remedy}";
    }

    private static string Unexpected(string name) => name switch
    {
        _ when name.EndsWith(".bias", StringComparison.Ordinal) => $"{name} is not part of a Llama: biases are not supported",
        _ when name.EndsWith(QuantizedTensors.CodesSuffix, StringComparison.Ordinal) => $"{name} is part of a quantised checkpoint, which the quantization_config of config.json does not describe",
        _ when name.Contains("lora_", StringComparison.Ordinal) => $"{name} is not part of a Llama: merge the adapter into the weights first",
        _ => $"{name} is not part of the Llama that config.json describes",
    };

    private static string Sizes(long[] shape) => string.Join(", ", shape);
}
