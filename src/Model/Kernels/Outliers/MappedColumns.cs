using static TorchSharp.torch;

namespace Llama.Model.Kernels.Outliers;

/// <summary>Columns that lie one after the other, as in a checkpoint that was quantised ahead: what is never used there takes no memory.</summary>
/// <param name="values">[inputs, outputs] bfloat16. Taken over.</param>
internal sealed unsafe class MappedColumns(Matrix values) : OutlierColumns
{
    /// <summary>[inputs, outputs]</summary>
    public Matrix Values { get; } = values;

    public override int Bring(ReadOnlySpan<int> columns, nint* addresses)
    {
        for (int i = 0; i < columns.Length; i++) addresses[i] = (nint)((ushort*)Values.Data + (long)columns[i] * Values.Columns);
        return columns.Length;
    }

    public override Tensor Widen()
    {
        using Tensor columns = Values.Tensor.t();
        return columns.to(ScalarType.Float32);
    }

    /// <summary>The weight that the columns are of: [outputs, inputs] in bfloat16, on the host.</summary>
    public DenseWeight ToDense() => new(Transposition.Of(Values));

    public override void Dispose() => Values.Dispose();
}
