using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Threads;

namespace Llama.Model.Tests.Kernels;

/// <summary>Brings rows of a weight that is in memory to other memory, where they lie alone, so many at most.</summary>
internal sealed unsafe class CopyingReader(Weight weight, int mostRows) : RowReader
{
    private readonly PerThread<byte[]> _memory = new(() => GC.AllocateArray<byte>(checked((int)weight.ByteCount) + 64, pinned: true));
    private readonly WeightRows _whole = WeightRows.Of(weight);

    public override int MostRows => mostRows;

    /// <summary>A weight of the same form whose rows this brings.</summary>
    public Weight Form => weight switch
    {
        QuantizedWeight codes => new QuantizedWeight(codes.Inputs, codes.Bits, codes.GroupSize, Nowhere(codes.Codes), Nowhere(codes.Scales), codes.Minima is null ? null : Nowhere(codes.Minima)) { Reader = this },
        _ => new DenseWeight(Nowhere(((DenseWeight)weight).Values)) { Reader = this },
    };

    public override WeightRows Read(int first, int count)
    {
        Assert.InRange(count, 1, mostRows);
        Assert.InRange(first, 0, weight.Outputs - count);
        byte[] memory = _memory.Mine;
        Array.Fill(memory, (byte)0x55); // not a number that could be missed
        byte* at = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        IReadOnlyList<MemoryPart> parts = weight.Parts;
        byte* values = Copy(parts[0], _whole.Values), scales = null, minima = null;
        if (parts.Count > 1) scales = Copy(parts[1], (byte*)_whole.Scales);
        if (parts.Count > 2) minima = Copy(parts[2], (byte*)_whole.Minima);
        return new WeightRows(values, (float*)scales, (float*)minima);

        byte* Copy(MemoryPart part, byte* source)
        {
            long rowBytes = part.Bytes / weight.Outputs;
            NativeMemory.Copy(source + first * rowBytes, at, (nuint)(count * rowBytes));
            byte* rows = at - first * rowBytes;
            at += count * rowBytes;
            return rows;
        }
    }

    private static Matrix Nowhere(Matrix matrix) => HostMemory.Wrap(null, matrix.Rows, matrix.Columns, matrix.Dtype);
}
