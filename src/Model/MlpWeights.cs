using Llama.Model.Kernels;

namespace Llama.Model;

/// <summary>The weights of a layer's gated MLP; matrices are [outputs, inputs], the norm before it [1, hidden] in float32.</summary>
internal sealed record MlpWeights(Matrix Norm, Weight Gate, Weight Up, Weight Down) : IDisposable
{
    /// <summary>Memory of all of them.</summary>
    public long ByteCount => Norm.ByteCount + Gate.ByteCount + Up.ByteCount + Down.ByteCount;

    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[Norm, Gate, Up, Down]) part.Dispose();
    }
}
