using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>A weight in codes, in tensors that are as <see cref="QuantizedWeight"/> wants them.</summary>
/// <param name="inputs">Its columns.</param>
/// <param name="bits">Of a code.</param>
/// <param name="groupSize">Inputs that share a scale.</param>
/// <param name="outputs">Its rows.</param>
/// <param name="ranges">Codes, scales and, unless it is symmetric, minima.</param>
internal sealed unsafe class StoredCodes(int outputs, int inputs, int bits, int groupSize, FileRange[] ranges) : StoredWeight(outputs, inputs)
{
    public override IReadOnlyList<FileRange> Ranges => ranges;

    public override long MemoryBytes => ranges.Sum(range => range.MemoryBytes);

    public override long ValueBytes => QuantizedWeight.RowBytes(Inputs, bits);

    public override int GroupCount => (Inputs + groupSize - 1) / groupSize;

    public override bool HasMinima => ranges.Length > 2;

    public override Weight On(byte* memory, RowReader? reader = null)
    {
        Matrix codes = Part(0, (int)ValueBytes, ScalarType.Byte), scales = Part(1, GroupCount, ScalarType.Float32);
        return new QuantizedWeight(Inputs, bits, groupSize, codes, scales, HasMinima ? Part(2, GroupCount, ScalarType.Float32) : null) { Reader = reader };

        Matrix Part(int index, int columns, ScalarType dtype)
        {
            Matrix part = HostMemory.Wrap(memory + ranges[index].IntoPage, Outputs, columns, dtype);
            memory += ranges[index].MemoryBytes;
            return part;
        }
    }

    public override void Read(WeightRows target, int first, int count, StageMemory stage)
    {
        Read(ranges[0], ValueBytes, target.Values, first, count);
        Read(ranges[1], GroupCount * sizeof(float), (byte*)target.Scales, first, count);
        if (HasMinima) Read(ranges[2], GroupCount * sizeof(float), (byte*)target.Minima, first, count);
    }

    private static void Read(FileRange range, long rowBytes, byte* target, int first, int count) =>
        range.File.Read(range.Offset + first * rowBytes, count * rowBytes, target + first * rowBytes);
}
