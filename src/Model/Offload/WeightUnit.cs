using Llama.Model.Checkpoints;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>Matrices that a step needs together and that stream together: those of a layer, or the head.</summary>
/// <param name="Names">In Hugging Face layout.</param>
/// <param name="Bytes">Memory that they take.</param>
internal sealed record WeightUnit(IReadOnlyList<string> Names, long Bytes)
{
    /// <summary>The name of the table of the embedding.</summary>
    public const string Table = "model.embed_tokens.weight";

    /// <summary>The units of a part in the order of a step: its layers, then, where it has one, the head.</summary>
    /// <param name="source">Of the model's weights.</param>
    /// <param name="part">The part.</param>
    /// <param name="dtype">Of all that are not in codes.</param>
    public static IReadOnlyList<WeightUnit> Of(IWeightSource source, ModelPart part, ScalarType dtype)
    {
        List<WeightUnit> units = [];
        for (int layer = part.FirstLayer; layer < part.EndLayer; layer++) units.Add(Of(source, dtype, $"{CheckpointLayout.LayersPrefix}{layer}."));
        if (part.HasHead(source.Config)) units.Add(Of(source, dtype, source.Config.TieWordEmbeddings ? Table : "lm_head.weight"));
        return units;
    }

    private static WeightUnit Of(IWeightSource source, ScalarType dtype, string prefix)
    {
        CheckpointLayout.ExpectedTensor[] matrices =
            [.. CheckpointLayout.Expected(source.Config).Where(tensor => tensor.Shape.Length == 2 && tensor.Name.StartsWith(prefix, StringComparison.Ordinal))];
        return new WeightUnit([.. matrices.Select(tensor => tensor.Name)], matrices.Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype)));
    }
}
