using Llama.Model.Kernels;

namespace Llama.Model;

/// <summary>The weights of a layer's attention; matrices are [outputs, inputs], the norm before it [1, hidden] in float32.</summary>
internal sealed record AttentionWeights(Matrix Norm, Weight Query, Weight Key, Weight Value, Weight Output) : IDisposable
{
    /// <summary>Memory of all of them.</summary>
    public long ByteCount => Norm.ByteCount + Query.ByteCount + Key.ByteCount + Value.ByteCount + Output.ByteCount;

    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[Norm, Query, Key, Value, Output]) part.Dispose();
    }
}
