namespace Llama.Model.Kernels;

/// <summary>One layer's part of the KV cache: float32, bfloat16, or 8-bit codes with a scale for each slot and head.</summary>
/// <param name="Keys">[blocks · blockSize, kvHeads · headDim], rotated.</param>
/// <param name="Values">[blocks · blockSize, kvHeads · headDim]</param>
/// <param name="KeyScales">[blocks · blockSize, kvHeads] float32: key = scale · code. Null when the elements are no codes.</param>
/// <param name="ValueScales">[blocks · blockSize, kvHeads] float32</param>
internal sealed record KvLayer(Matrix Keys, Matrix Values, Matrix? KeyScales = null, Matrix? ValueScales = null) : IDisposable
{
    /// <summary>The largest code; the smallest is its negative.</summary>
    public const float LargestCode = 127;

    /// <summary>What stands for the largest absolute value of a head that is smaller, so that no scale is 0.</summary>
    public const float SmallestPeak = 1e-30f;

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
        KeyScales?.Dispose();
        ValueScales?.Dispose();
    }
}
