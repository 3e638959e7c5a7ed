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
        : FileRange.Pages(Outputs * ValueBytes) + (HasMinima ? 2 : 1) * FileRange.Pages(ScaleBytes);

    public override int RowsTogether => Math.Max(1, order.HeadDim);

    public override long ValueBytes => wanted is ScalarType dtype ? Matrix.BytesOf(1, Inputs, dtype) : QuantizedWeight.RowBytes(Inputs, format.Bits);

    public override int GroupCount => wanted is null ? Inputs / format.GroupSize : 0;

    public override bool HasMinima => wanted is null && format.HasMinima;

    public override Weight On(byte* memory, RowReader? reader = null)
    {
        if (wanted is ScalarType dtype) return new DenseWeight(HostMemory.Wrap(memory, Outputs, Inputs, dtype)) { Reader = reader };
        byte* atScales = memory + FileRange.Pages(Outputs * ValueBytes);
        Matrix codes = HostMemory.Wrap(memory, Outputs, (int)ValueBytes, ScalarType.Byte), scales = Scales(atScales);
        return new QuantizedWeight(Inputs, format.Bits, format.GroupSize, codes, scales, HasMinima ? Scales(atScales + FileRange.Pages(ScaleBytes)) : null) { Reader = reader };

        Matrix Scales(byte* data) => HostMemory.Wrap(data, Outputs, GroupCount, ScalarType.Float32);
    }

    public override void Read(WeightRows target, int first, int count, StageMemory stage) => ReadByRow(range, _rowBytes, order, target, first, count, stage);

    protected override void Convert(byte* read, WeightRows target, long row)
    {
        if (wanted is ScalarType dtype) BlockReader.WidenRow(format, read, Inputs, target.Values, dtype, row);
        else BlockReader.RepackRow(format, read, Inputs, target, row);
    }

    private long ScaleBytes => (long)Outputs * GroupCount * sizeof(float);
}
