using Llama.Model.Checkpoints;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>
/// Matrices that stay together or stream together: those of a layer's attention, those of its MLP, or the head. Halves of a layer rather than whole ones: buffers are as large as the largest unit, and what
/// a limit leaves is filled the better the smaller they are.
/// </summary>
/// <param name="Names">In Hugging Face layout.</param>
/// <param name="Bytes">Memory that they take.</param>
internal sealed record WeightUnit(IReadOnlyList<string> Names, long Bytes)
{
    private const int OfLayer = 2;

    /// <summary>Which unit the attention of a part's layer is, counted from its first.</summary>
    public static int Attention(int layer) => OfLayer * layer;

    /// <summary>Which unit its MLP is.</summary>
    public static int Mlp(int layer) => OfLayer * layer + 1;

    /// <summary>Which unit the head of a part of so many layers is.</summary>
    public static int Head(int layerCount) => OfLayer * layerCount;

    /// <summary>The units of a part in the order of a step: of each layer two, then, where it has one, the head.</summary>
    /// <param name="source">Of the model's weights.</param>
    /// <param name="part">The part.</param>
    /// <param name="dtype">Of all that are not in codes.</param>
    /// <param name="isHost">Whether the processor is to multiply with them.</param>
    public static IReadOnlyList<WeightUnit> Of(IWeightSource source, ModelPart part, ScalarType dtype, bool isHost)
    {
        List<WeightUnit> units = [];
        for (int layer = part.FirstLayer; layer < part.EndLayer; layer++)
        {
            units.Add(Of(CheckpointLayout.LayerPrefix(layer) + "self_attn."));
            units.Add(Of(CheckpointLayout.LayerPrefix(layer) + "mlp."));
        }
        if (part.HasHead(source.Config)) units.Add(Of(CheckpointLayout.HeadOf(source.Config)));
        return units;

        WeightUnit Of(string prefix)
        {
            CheckpointLayout.ExpectedTensor[] matrices = [.. CheckpointLayout.Expected(source.Config).Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))];
            return new WeightUnit([.. matrices.Select(tensor => tensor.Name)], matrices.Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype, isHost)));
        }
    }
}
