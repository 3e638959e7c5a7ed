using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Packs the weights of another source in bfloat16 and in codes, as they are asked for or later, and lets go of each there: what lies in a mapped file then takes none of the process's memory.
/// The embedding stays as it is, also where it is the head as well: it is read by rows.
/// </summary>
/// <param name="source">Taken over; hands out what lies on the host.</param>
/// <param name="background">Packs later those that lie in mapped files; null packs all at once.</param>
internal sealed class PackedWeights(IWeightSource source, BackgroundPacking? background = null) : IWeightSource
{
    private readonly WeightPacker _packer = new();

    public LlamaConfig Config => source.Config;

    public string? Codes => source.Codes;

    public Matrix Norm(string name) => source.Norm(name);

    public Weight Weight(string name)
    {
        Weight weight = source.Weight(name);
        if (name == CheckpointLayout.Embedding || !WeightPacker.CanPack(weight)) return weight;
        PackingWeight packing = new(weight, () => source.Release(name));
        if (background is not null && !weight.OwnsMemory) // what is not mapped would be there twice until then
        {
            background.Add(packing);
            return packing;
        }
        packing.Pack(_packer);
        return packing.Current;
    }

    public bool ReadsRowsOf(Weight weight) => source.ReadsRowsOf(weight);

    public Weight Table(string name) => source.Table(name);

    public long? CodeBytes(string name, bool isHost) => source.CodeBytes(name, isHost);

    public int? GroupSizeOf(string name) => source.GroupSizeOf(name);

    public StoredWeight Stored(string name, ScalarType dtype) => source.Stored(name, dtype);

    public void Release(string name) => source.Release(name);

    public void Dispose() => source.Dispose();
}
