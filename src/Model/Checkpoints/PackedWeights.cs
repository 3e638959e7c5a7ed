using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Packs the weights of another source in bfloat16 and in codes, as they are asked for or later, and lets go of each there: what lies in a mapped file then takes none of the process's memory.
/// The embedding stays as it is, also where it is the head as well: it is read by rows.
/// </summary>
/// <param name="source">Taken over; hands out what lies on the host.</param>
/// <param name="background">Packs later those that lie in mapped files; null packs all at once.</param>
internal sealed class PackedWeights(IWeightSource source, BackgroundPacking? background = null) : DerivedWeights(source)
{
    private readonly WeightPacker _packer = new();

    public override Weight Weight(string name)
    {
        Weight weight = Source.Weight(name);
        if (name == CheckpointLayout.Embedding || !WeightPacker.CanPack(weight)) return weight;
        PackingWeight packing = new(weight, () => Source.Release(name));
        if (background is not null && !weight.OwnsMemory) // what is not mapped would be there twice until then
        {
            background.Add(packing);
            return packing;
        }
        packing.Pack(_packer);
        return packing.Current;
    }

    public override Weight Table(string name) => Source.Table(name);
}
