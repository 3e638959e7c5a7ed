using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// One device's shard of another source's weights. Rows of a mapped file are handed out where they lie; columns, and rows of what the source made anew, are copied, and it lets go of the whole.
/// </summary>
/// <param name="source">Taken over; hands out what lies on the host.</param>
/// <param name="shard">Which.</param>
internal sealed class ShardedWeights(IWeightSource source, Shard shard) : DerivedWeights(source)
{
    /// <summary>One device's share of a part.</summary>
    /// <param name="source">Taken over.</param>
    /// <param name="part">Which.</param>
    /// <exception cref="ArgumentException">It cannot be cut so; with the remedy.</exception>
    public static ShardedWeights Of(IWeightSource source, ModelPart part)
    {
        try
        {
            ShardedWeights weights = new(source, part.ShardOf(source.Config));
            foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(source.Config, part)) _ = weights.GroupSizeOf(tensor.Name);
            return weights;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The shard's shape.</summary>
    public override LlamaConfig Config => shard.Config;

    public override Weight Weight(string name)
    {
        WeightPart part = shard.PartOf(name);
        Weight whole = Source.Weight(name);
        if (!part.IsColumns && !whole.OwnsMemory) return WeightCut.Rows(whole, part.Slice);
        using (whole)
        {
            Weight cut = part.IsColumns ? WeightCut.CopyColumns(whole, part.Slice, name) : WeightCut.CopyRows(whole, part.Slice);
            Source.Release(name);
            return cut;
        }
    }

    public override Weight Table(string name) => Weight(name);

    public override long? CodeBytes(string name, bool isHost) => Source.CodeBytes(name, isHost) is not long whole ? null : shard.PartOf(name).ShareOf(whole); // columns have some padding beside

    public override long? PackedBytes(string name) => Source.PackedBytes(name) is not long whole ? null : shard.PartOf(name).ShareOf(whole);

    /// <summary>Asked before anything is loaded, and alike whether it will be or is only planned, for what it throws where groups cannot be cut so.</summary>
    public override int? GroupSizeOf(string name) => Source.GroupSizeOf(name) is not int groupSize ? null
        : shard.PartOf(name) is { IsColumns: true } part ? WeightCut.GroupSizeOf(part.Total, groupSize, part.Slice, name) : groupSize;

    public override StoredWeight Stored(string name, ScalarType dtype) =>
        throw new ArgumentException("Model:MemoryLimit leaves no room for all weights, and those that devices share do not stream on the processor; raise it, or set Model:TensorParallel=1, with which whole layers stream.");
}
