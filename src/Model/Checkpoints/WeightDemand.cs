using Llama.Model.Kernels;
using Llama.Model.Parallel;
using Llama.Model.Quantization;
using static Llama.Model.Offload.MemorySize;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>What the weights of a model will take of a device's memory, told before anything is brought there.</summary>
internal static class WeightDemand
{
    /// <summary>Refuses a model whose weights alone do not fit. The host is not asked: mapped files need none of its memory.</summary>
    /// <param name="source">Of the weights.</param>
    /// <param name="memory">Where they are to lie.</param>
    /// <param name="dtype">Of all that are not in codes.</param>
    /// <param name="part">What of the model is to lie there.</param>
    /// <exception cref="InsufficientMemoryException">With the numbers and what helps.</exception>
    public static void Check(IWeightSource source, DeviceMemory memory, ScalarType dtype, ModelPart part)
    {
        if (memory.IsHost) return;
        long need = Bytes(source, dtype, part), free = memory.FreeBytes();
        if (need <= free) return;
        string smaller = memory.HoldsCodes ? string.Concat(Smaller(source.Config, part, need).Select(form => $"Model:Dtype={form}, ")) : "";
        throw new InsufficientMemoryException($"The weights need {Mebibytes(need)} of the device's memory, and {Mebibytes(free)} are free. Use {smaller}a smaller model, or another Model:Device.");
    }

    /// <summary>Bytes of a part's weights on a device.</summary>
    /// <param name="source">Of the weights.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="part">Which part.</param>
    /// <param name="isHost">Whether the device is the processor, which reads rows of codes too; others keep the embedding in floating point, and scales of codes in fewer bytes.</param>
    public static long Bytes(IWeightSource source, ScalarType dtype, ModelPart part, bool isHost = false) =>
        CheckpointLayout.Expected(source.Config, part).Sum(tensor => tensor.Name == CheckpointLayout.Embedding && !isHost ? OfEmbedding(source, dtype, part, tensor) : BytesOf(source, tensor, dtype, isHost));

    /// <summary>The same without embedding, final norm and head.</summary>
    public static long LayerBytes(IWeightSource source, ScalarType dtype, ModelPart part, bool isHost) =>
        CheckpointLayout.Expected(source.Config, part).Where(tensor => tensor.Name.StartsWith(CheckpointLayout.LayersPrefix, StringComparison.Ordinal)).Sum(tensor => BytesOf(source, tensor, dtype, isHost));

    /// <summary>Of a part's weights in products on the processor, but for a head that is the embedding.</summary>
    public static long ProductBytes(IWeightSource source, ScalarType dtype, ModelPart part) => CheckpointLayout.Expected(source.Config, part)
        .Where(tensor => tensor.Shape.Length > 1 && tensor.Name != CheckpointLayout.Embedding)
        .Sum(tensor => BytesOf(source, tensor, dtype, isHost: true));

    private static long OfEmbedding(IWeightSource source, ScalarType dtype, ModelPart part, CheckpointLayout.ExpectedTensor tensor) => source.CodeBytes(tensor.Name, isHost: false) is long codes
        ? (part.HasEmbedding ? Dense(tensor, dtype) : 0) + (source.Config.TieWordEmbeddings && part.HasHead(source.Config) ? codes : 0)
        : Dense(tensor, dtype);

    /// <summary>Bytes of one of them as a norm or in products.</summary>
    public static long BytesOf(IWeightSource source, CheckpointLayout.ExpectedTensor tensor, ScalarType dtype, bool isHost) => source.CodeBytes(tensor.Name, isHost) ?? Dense(tensor, dtype);

    /// <summary>Bytes of the embedding on a device.</summary>
    public static long EmbeddingBytes(IWeightSource source, ScalarType dtype, bool isHost) =>
        (isHost ? source.CodeBytes(CheckpointLayout.Embedding, isHost) : null) ?? Matrix.BytesOf(source.Config.VocabSize, source.Config.HiddenSize, dtype);

    // Of the quantised forms those that are smaller than what was asked for.
    private static IEnumerable<string> Smaller(LlamaConfig config, ModelPart part, long need)
    {
        foreach ((string name, QuantizationType type) in new[] { ("int8", QuantizationType.Int8), ("int4", QuantizationType.Int4) })
        {
            var plan = QuantizationPlan.Of(type);
            long bytes = CheckpointLayout.Expected(config, part).Sum(tensor => (plan.TypeOf(tensor.Name, config.TieWordEmbeddings)?.BytesOf(tensor.Shape, isHost: false) ?? Dense(tensor, ScalarType.BFloat16))
                + (tensor.Name == CheckpointLayout.Embedding && config.TieWordEmbeddings ? Dense(tensor, ScalarType.BFloat16) : 0));
            if (bytes < need) yield return $"{name} ({Mebibytes(bytes)})";
        }
    }

    private static long Dense(CheckpointLayout.ExpectedTensor tensor, ScalarType dtype) => tensor.Shape.Length == 1
        ? Matrix.BytesOf(1, tensor.Shape[0], ScalarType.Float32)
        : Matrix.BytesOf(tensor.Shape[0], tensor.Shape[1], dtype);
}
