using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>A weight in one of GGUF's quantised types, which is brought into this program's form each time it is read.</summary>
/// <param name="range">Where its blocks lie.</param>
/// <param name="outputs">Its rows.</param>
/// <param name="inputs">Its columns.</param>
/// <param name="format">Of the blocks.</param>
/// <param name="order">Of the rows in the file.</param>
/// <param name="wanted">The type to widen it to; null for codes.</param>
internal sealed unsafe class StoredBlocks(FileRange range, int outputs, int inputs, BlockFormat format, RopeOrder order, ScalarType? wanted) : StoredWeight(outputs, inputs)
{
    private readonly long _rowBytes = format.Type.RowBytes(inputs);

    public override IReadOnlyList<FileRange> Ranges => [range];

    public override long MemoryBytes => wanted is ScalarType dtype
        ? FileRange.Pages(Matrix.BytesOf(Outputs, Inputs, dtype))
        : FileRange.Pages(CodeBytes) + (format.HasMinima ? 2 : 1) * FileRange.Pages(ScaleBytes);

    public override Weight On(byte* memory)
    {
        if (wanted is ScalarType dtype) return new DenseWeight(HostMemory.Wrap(memory, Outputs, Inputs, dtype));
        byte* scales = memory + FileRange.Pages(CodeBytes);
        return new QuantizedWeight(Inputs, format.Bits, format.GroupSize, HostMemory.Wrap(memory, Outputs, QuantizedWeight.RowBytes(Inputs, format.Bits), ScalarType.Byte),
            Scales(scales), format.HasMinima ? Scales(scales + FileRange.Pages(ScaleBytes)) : null);

        Matrix Scales(byte* data) => HostMemory.Wrap(data, Outputs, Inputs / format.GroupSize, ScalarType.Float32);
    }

    public override void Read(Weight target, int first, int count, StageMemory stage)
    {
        byte* blocks = stage.Read(range, first * _rowBytes, count * _rowBytes);
        for (int row = first; row < first + count; row++, blocks += _rowBytes)
        {
            if (target is QuantizedWeight codes) BlockReader.RepackRow(format, blocks, codes, order.InModel(row));
            else BlockReader.WidenRow(format, blocks, ((DenseWeight)target).Values, order.InModel(row));
        }
    }

    private long CodeBytes => (long)Outputs * QuantizedWeight.RowBytes(Inputs, format.Bits);

    private long ScaleBytes => (long)Outputs * (Inputs / format.GroupSize) * sizeof(float);
}
