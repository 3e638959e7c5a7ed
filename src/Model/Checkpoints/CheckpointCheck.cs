namespace Llama.Model.Checkpoints;

/// <summary>Compares the tensors of a folder in Hugging Face layout with those its config.json demands.</summary>
internal sealed class CheckpointCheck(LlamaConfig config) : TensorCheck(CheckpointLayout.Stored(config), "config.json")
{
    protected override IEnumerable<string> TypeFaults(TensorEntry tensor, CheckpointLayout.ExpectedTensor wanted)
    {
        if (wanted.Dtype is null && TensorDtypes.Parse(tensor.Dtype) is null or TensorDtype.U8)
            yield return $"{tensor.Name} is {tensor.Dtype}; expected F32, F16 or BF16: use the unquantised checkpoint";
        if (wanted.Dtype is not null && tensor.Dtype != wanted.Dtype.ToString())
            yield return $"{tensor.Name} is {tensor.Dtype}; expected {wanted.Dtype}: quantise the checkpoint again";
    }

    protected override bool IsIgnored(string name) => CheckpointLayout.IsIgnored(name, config);

    protected override string RemedyOfMissing(string name, IReadOnlyDictionary<string, TensorEntry> others) => name switch
    {
        CheckpointLayout.OwnHead => "; if the head is the embedding, set tie_word_embeddings to true in config.json",
        _ when others.ContainsKey(name["model.".Length..]) => "; it is there without \"model.\": export the LlamaForCausalLM, not its inner LlamaModel",
        _ => "",
    };

    protected override string? Recognise(string name) => name switch
    {
        _ when name.EndsWith(QuantizedTensors.CodesSuffix, StringComparison.Ordinal) => "is part of a quantised checkpoint, which the quantization_config of config.json does not describe",
        _ when name.Contains("lora_", StringComparison.Ordinal) => "is not part of a Llama: merge the adapter into the weights first",
        _ => null,
    };
}
