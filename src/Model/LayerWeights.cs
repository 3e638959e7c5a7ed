using Llama.Model.Kernels;

namespace Llama.Model;

/// <summary>The weights of one decoder layer; matrices are [outputs, inputs], norms [1, hidden] in float32.</summary>
internal sealed record LayerWeights(
    Matrix AttentionNorm, Weight Query, Weight Key, Weight Value, Weight Output,
    Matrix MlpNorm, Weight Gate, Weight Up, Weight Down) : IDisposable
{
    /// <summary>Memory of all of them.</summary>
    public long ByteCount => AttentionNorm.ByteCount + MlpNorm.ByteCount + new[] { Query, Key, Value, Output, Gate, Up, Down }.Sum(weight => weight.ByteCount);

    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[AttentionNorm, Query, Key, Value, Output, MlpNorm, Gate, Up, Down]) part.Dispose();
    }
}
