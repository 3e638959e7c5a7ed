using Llama.Model.Kernels;

namespace Llama.Model;

/// <summary>The weights of one decoder layer; matrices are [outputs, inputs], norms [1, hidden] in float32.</summary>
internal sealed record LayerWeights(
    Matrix AttentionNorm, Matrix Query, Matrix Key, Matrix Value, Matrix Output,
    Matrix MlpNorm, Matrix Gate, Matrix Up, Matrix Down) : IDisposable
{
    public void Dispose()
    {
        foreach (Matrix matrix in (Matrix[])[AttentionNorm, Query, Key, Value, Output, MlpNorm, Gate, Up, Down]) matrix.Dispose();
    }
}
