using static TorchSharp.torch;

namespace Llama.Model.Kernels.Outliers;

/// <summary>The columns of a weight in bfloat16. For the thread that owns the weight.</summary>
internal abstract unsafe class OutlierColumns : IDisposable
{
    /// <summary>Brings the first of some columns to where kernels read them, at least one.</summary>
    /// <param name="columns">Ascending.</param>
    /// <param name="addresses">[columns]: gets where [outputs] bfloat16 of each lie, good until the next call.</param>
    /// <returns>How many were brought; for the rest ask again.</returns>
    public abstract int Bring(ReadOnlySpan<int> columns, nint* addresses);

    /// <summary>All of them in float32, in torch operations: [outputs, inputs]. For the plain kernels; the caller disposes it.</summary>
    public abstract Tensor Widen();

    public abstract void Dispose();
}
