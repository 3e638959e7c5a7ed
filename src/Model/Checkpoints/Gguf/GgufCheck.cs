namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Compares the tensors of a GGUF model with those its metadata demands.</summary>
internal sealed class GgufCheck(LlamaConfig config) : TensorCheck(CheckpointLayout.Expected(config).Select(tensor => tensor with { Name = GgufNames.Of(tensor.Name) }), "the metadata")
{
    protected override IEnumerable<string> TypeFaults(TensorEntry tensor, CheckpointLayout.ExpectedTensor wanted)
    {
        if (wanted.Shape.Length == 1 && BlockFormat.Find(tensor.Dtype) is not null) yield return $"{tensor.Name} is {tensor.Dtype}; expected F32, F16 or BF16: norms are not quantised";
        if (GgufTensorType.Find(tensor.Dtype) is null)
            yield return $"{tensor.Name} is {tensor.Dtype}; expected {GgufTensorType.Names}: take another file of this model, or make one with llama-quantize (say, Q4_K_M or Q8_0)";
    }

    protected override bool IsIgnored(string name) => name == GgufNames.RopeFactors;
}
