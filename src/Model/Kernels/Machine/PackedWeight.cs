using static TorchSharp.torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// A weight in bfloat16 in the order in which generated code multiplies it: units of 16 outputs, each [pairs of inputs][16 outputs][2].
/// Any number of input rows reads it from end to end, which memory gives fastest, and no product packs it anew; its file's pages are not needed any more.
/// </summary>
internal sealed unsafe class PackedWeight : Weight
{
    private readonly Matrix _units; // [units, elements]

    /// <summary>Memory for a weight, not filled.</summary>
    public PackedWeight(int outputs, int inputs) : base(outputs, inputs) =>
        _units = HostMemory.EmptyForReading(outputs / UnitPacker.Outputs, inputs * UnitPacker.Outputs, ScalarType.BFloat16);

    /// <summary>Whether such a weight can be packed, into as much memory: in bfloat16, on the host, its outputs whole units and its inputs whole blocks of the packer.</summary>
    public static bool CanHold(Weight weight) => weight is DenseWeight { Values: { Dtype: ScalarType.BFloat16, IsOnHost: true } }
        && weight.Outputs % UnitPacker.Outputs == 0 && weight.Inputs % PackShape.BlockInputs == 0;

    /// <summary>The first unit.</summary>
    public byte* Units => (byte*)_units.Data;

    /// <summary>Bytes from one unit to the next.</summary>
    public int UnitStride => Inputs * UnitPacker.BytesPerInput;

    public override long ByteCount => _units.ByteCount;

    public override Tensor Widen(Tensor? rows = null)
    {
        using DenseWeight dense = ToDense();
        return dense.Widen(rows);
    }

    /// <summary>The same row by row.</summary>
    public DenseWeight ToDense()
    {
        Matrix values = HostMemory.Instance.Empty(Outputs, Inputs, ScalarType.BFloat16);
        for (int output = 0; output < Outputs; output++)
        {
            ushort* unit = (ushort*)(Units + (long)(output / UnitPacker.Outputs) * UnitStride) + output % UnitPacker.Outputs * 2, row = (ushort*)values.Data + (long)output * Inputs;
            for (int input = 0; input < Inputs; input++) row[input] = unit[input / 2 * (2 * UnitPacker.Outputs) + input % 2];
        }
        return new DenseWeight(values);
    }

    public override void Dispose() => _units.Dispose();
}
