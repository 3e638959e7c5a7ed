using Llama.Model.Kernels;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>What weights weigh once they are packed (<see cref="PackedWeights"/>); they are handed out as they are.</summary>
/// <param name="source">Stays the caller's.</param>
internal sealed class PackedSizes(IWeightSource source) : DerivedWeights(source)
{
    /// <summary>Those of a part's weights; null where these are not to be packed.</summary>
    /// <param name="source">Of the weights.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="part">Of the model.</param>
    /// <param name="repack">The setting <c>Model:Repack</c>; null packs where that leaves room for a cache, or takes less room than rows.</param>
    /// <param name="freeBytes">That there are.</param>
    public static PackedSizes? Of(IWeightSource source, ScalarType dtype, ModelPart part, bool? repack, long freeBytes)
    {
        PackedSizes packed = new(source);
        long bytes = WeightDemand.ProductBytes(packed, dtype, part);
        return repack ?? (bytes <= freeBytes / 4 * 3 || bytes < WeightDemand.ProductBytes(source, dtype, part)) ? packed : null;
    }

    public override Weight Weight(string name) => Source.Weight(name);

    public override Weight Table(string name) => Source.Table(name);

    public override long? CodeBytes(string name, bool isHost) => isHost && name != CheckpointLayout.Embedding ? Source.PackedBytes(name) : Source.CodeBytes(name, isHost);
}
