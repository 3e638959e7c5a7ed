using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>A weight in floating point, float32 or bfloat16, row by row as in its file.</summary>
/// <param name="values">[outputs, inputs]</param>
internal sealed class DenseWeight(Matrix values) : Weight(values.Rows, values.Columns)
{
    /// <summary>[outputs, inputs]</summary>
    public Matrix Values { get; } = values;

    public override long ByteCount => Values.ByteCount;

    public override bool OwnsMemory => Values.OwnsMemory;

    public override Tensor Widen(Tensor? rows = null)
    {
        if (rows is null) return Values.Tensor.to(ScalarType.Float32);
        using Tensor selected = Values.Tensor.index_select(0, rows);
        return selected.to(ScalarType.Float32);
    }

    public override unsafe IReadOnlyList<MemoryPart> Parts => [new((nint)Values.Data, Values.ByteCount)];

    public override unsafe Weight On(ReadOnlySpan<nint> parts) => new DenseWeight(new Matrix((void*)parts[0], Outputs, Inputs, Values.Dtype, Values.IsOnHost, free: null));

    public override void Dispose() => Values.Dispose();
}
