using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>Packs whole weights, on all threads. For one thread to call.</summary>
internal sealed unsafe class WeightPacker
{
    private const long WeightsPerThread = 256 << 10;

    private readonly CodeCache<PackShape> _code = new(PanelPacker.Generate);

    private struct Job
    {
        public UnitPacker Packer;
        public Product Weight;
        public byte* Units;
        public int UnitStride, Inputs;
    }

    /// <summary>A packed copy of a weight that <see cref="PackedWeight.CanHold"/> can.</summary>
    public PackedWeight Pack(DenseWeight weight)
    {
        PackedWeight packed = new(weight.Outputs, weight.Inputs);
        Job job = new()
        {
            Packer = UnitPacker.Of(PackShape.Of(weight), _code),
            Weight = new Product { Weight = (byte*)weight.Values.Data },
            Units = packed.Units,
            UnitStride = packed.UnitStride,
            Inputs = weight.Inputs,
        };
        ParallelFor.Run(weight.Outputs / UnitPacker.Outputs, Math.Max(1, WeightsPerThread / (UnitPacker.Outputs * weight.Inputs)), &Units, &job);
        return packed;
    }

    private static void Units(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long unit = begin; unit < end; unit++) job.Packer.Pack(job.Weight, (int)unit * UnitPacker.Outputs, start: 0, job.Inputs, job.Units + unit * job.UnitStride);
    }
}
