using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>A weight in floating point: read to its place where the file has the type that is wanted and the rows in order, else converted on the way.</summary>
/// <param name="range">Where it lies.</param>
/// <param name="rows">Outputs.</param>
/// <param name="columns">Inputs.</param>
/// <param name="stored">Type in the file.</param>
/// <param name="wanted">float32 or bfloat16.</param>
/// <param name="order">Of the rows in the file.</param>
internal sealed unsafe class StoredDense(FileRange range, int rows, int columns, ScalarType stored, ScalarType wanted, RopeOrder order = default) : StoredWeight(rows, columns)
{
    private readonly bool _isAsWanted = stored == wanted && order.IsPlain && range.Offset % Matrix.ElementBytes(stored) == 0;
    private readonly long _rowBytes = Matrix.BytesOf(1, columns, stored);

    public override IReadOnlyList<FileRange> Ranges => [range];

    public override long MemoryBytes => _isAsWanted ? range.MemoryBytes : FileRange.Pages(Matrix.BytesOf(Outputs, Inputs, wanted));

    public override int RowsTogether => Math.Max(1, order.HeadDim);

    public override long ValueBytes => Matrix.BytesOf(1, Inputs, wanted);

    public override Weight On(byte* memory, RowReader? reader = null) =>
        new DenseWeight(HostMemory.Wrap(memory + (_isAsWanted ? range.IntoPage : 0), Outputs, Inputs, wanted)) { Reader = reader };

    public override void Read(WeightRows target, int first, int count, StageMemory stage)
    {
        if (_isAsWanted) range.File.Read(range.Offset + first * _rowBytes, count * _rowBytes, target.Values + first * _rowBytes);
        else ReadByRow(range, _rowBytes, order, target, first, count, stage);
    }

    protected override void Convert(byte* read, WeightRows target, long row) => FloatConversion.RunHere(read, stored, target.Values + row * ValueBytes, wanted, Inputs);
}
