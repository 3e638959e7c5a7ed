using Llama.Model.Checkpoints;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>What a layer takes on a device: the first with the embedding, the last with the final norm and the head.</summary>
/// <param name="WeightBytes">Memory of its weights, on whichever device they take the most.</param>
/// <param name="CacheBytes">Memory of its part of the least cache.</param>
/// <param name="ReadBytes">What a usual step reads of its weights: all but the embedding's table, of which that is next to nothing, and half the head, through which of a prompt only its end goes.</param>
internal readonly record struct LayerSize(long WeightBytes, long CacheBytes, long ReadBytes)
{
    /// <summary>A layer's, before anything is loaded.</summary>
    /// <param name="source">Of its weights, in the form that they will have.</param>
    /// <param name="dtype">Of those that are not in codes.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="cacheBytes">Of the least cache.</param>
    public static LayerSize Of(IWeightSource source, ScalarType dtype, int layer, long cacheBytes)
    {
        ModelPart part = new(layer, 1);
        long weights = Math.Max(WeightDemand.Bytes(source, dtype, part, isHost: false), WeightDemand.Bytes(source, dtype, part, isHost: true)), bare = WeightDemand.LayerBytes(source, dtype, part, isHost: true);
        return new LayerSize(weights, cacheBytes, part.HasHead(source.Config) ? (bare + weights) / 2 : bare);
    }
}
