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

    public override Weight On(byte* memory)
    {
        Matrix codes = Part(0, QuantizedWeight.RowBytes(Inputs, bits), ScalarType.Byte), scales = Part(1, (Inputs + groupSize - 1) / groupSize, ScalarType.Float32);
        return new QuantizedWeight(Inputs, bits, groupSize, codes, scales, ranges.Length < 3 ? null : Part(2, scales.Columns, ScalarType.Float32));

        Matrix Part(int index, int columns, ScalarType dtype)
        {
            Matrix part = HostMemory.Wrap(memory + ranges[index].IntoPage, Outputs, columns, dtype);
            memory += ranges[index].MemoryBytes;
            return part;
        }
    }

    public override void Read(Weight target, int first, int count, StageMemory stage)
    {
        QuantizedWeight weight = (QuantizedWeight)target;
        Read(ranges[0], weight.Codes, first, count);
        Read(ranges[1], weight.Scales, first, count);
        if (weight.Minima is not null) Read(ranges[2], weight.Minima, first, count);
    }

    private static void Read(FileRange range, Matrix part, int first, int count)
    {
        long rowBytes = Matrix.BytesOf(1, part.Columns, part.Dtype);
        range.File.Read(range.Offset + first * rowBytes, count * rowBytes, (byte*)part.Data + first * rowBytes);
    }
}
