using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>Large dense products on the device: cuBLAS, behind a seam because where there is none, and in tests, our own kernels do.</summary>
internal interface ICudaProducts : IDisposable
{
    /// <summary>output = input · weightᵀ + beta · output, accumulated in float32, enqueued on the stream that this was made with.</summary>
    /// <param name="input">[rows, inputs] of <paramref name="dtype"/></param>
    /// <param name="weight">[outputs, inputs] of <paramref name="dtype"/></param>
    /// <param name="output">[rows, outputs] of <paramref name="outputDtype"/>, each row <paramref name="outputStride"/> elements behind the one before.</param>
    /// <param name="outputStride">At least the outputs; more where a slice of a larger matrix's columns is made.</param>
    /// <param name="dtype">bfloat16 or float32.</param>
    /// <param name="outputDtype">bfloat16 or float32.</param>
    void Multiply(nint input, nint weight, nint output, int rows, int outputs, int inputs, int outputStride, ScalarType dtype, ScalarType outputDtype, float beta);
}
