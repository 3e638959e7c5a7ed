namespace Llama.Model.Cuda.Native;

/// <summary><c>cublasOperation_t</c></summary>
internal enum CublasOperation
{
    None = 0,
    Transposed = 1,
}

/// <summary><c>cudaDataType</c>, as far as it is used.</summary>
internal enum CudaDataType
{
    Float32 = 0,
    BFloat16 = 14,
}

/// <summary><c>cublasComputeType_t</c>, as far as it is used.</summary>
internal enum CublasCompute
{
    Float32 = 68,
}

/// <summary>
/// <c>cublasMath_t</c>, as far as it is used: tensor cores where they lose nothing (no TF32 for float32), and sums that are split are added as float32, not as the type of the output.
/// </summary>
[Flags]
internal enum CublasMath
{
    Default = 0,
    DisallowReducedPrecisionReduction = 16,
}
