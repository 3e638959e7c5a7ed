using Llama.Model.Cuda.Native;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>cuBLAS on one stream.</summary>
internal sealed unsafe class CublasProducts : ICudaProducts
{
    private const int DefaultAlgorithm = -1; // CUBLAS_GEMM_DEFAULT: its own choice

    private readonly ICudaDriver _driver;
    private readonly CublasApi _api;
    private readonly nint _handle;
    private readonly nint _workspace;

    /// <summary>Makes a handle in the context that is current, which the driver's call for its memory has made so.</summary>
    public CublasProducts(ICudaDriver driver, nint stream, CudaLibrary library)
    {
        _driver = driver;
        _api = new CublasApi(library.Library);
        // Memory of its own choosing it would allocate in the middle of a recording, where that is forbidden. Sizes: NVIDIA's for each architecture.
        long bytes = (driver.Device.Major >= 9 ? 32L : 8L) << 20;
        _workspace = driver.Allocate(bytes);
        try
        {
            fixed (nint* handle = &_handle) Check(_api.Create(handle), "cublasCreate");
            // In this order: a new stream takes the workspace away again.
            Check(_api.SetStream(_handle, stream), "cublasSetStream");
            Check(_api.SetWorkspace(_handle, _workspace, (nuint)bytes), "cublasSetWorkspace");
            Check(_api.SetMathMode(_handle, CublasMath.DisallowReducedPrecisionReduction), "cublasSetMathMode");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Multiply(nint input, nint weight, nint output, int rows, int outputs, int inputs, ScalarType dtype, ScalarType outputDtype, float beta)
    {
        if (rows == 0) return;
        float one = 1;
        CudaDataType type = TypeOf(dtype);
        // cuBLAS counts by columns. What lies by rows as [r, c] is to it a matrix of c rows and r columns, so the same memory reads: output = weightᵀ · input with
        // output [outputs, rows], weight [inputs, outputs], input [inputs, rows].
        int status = _api.GemmEx(
            _handle, CublasOperation.Transposed, CublasOperation.None, outputs, rows, inputs,
            &one, weight, type, inputs, input, type, inputs,
            &beta, output, TypeOf(outputDtype), outputs, CublasCompute.Float32, DefaultAlgorithm);
        if (status != 0) throw Fault(status, $"cublasGemmEx of {rows} × {inputs} with {outputs} × {inputs} ({dtype} to {outputDtype})");
    }

    public void Dispose()
    {
        if (_handle != 0) _ = _api.Destroy(_handle);
        _driver.Free(_workspace);
    }

    private static CudaDataType TypeOf(ScalarType type) => type switch
    {
        ScalarType.BFloat16 => CudaDataType.BFloat16,
        ScalarType.Float32 => CudaDataType.Float32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Products are of bfloat16 or float32."),
    };

    private void Check(int status, string call)
    {
        if (status != 0) throw Fault(status, call);
    }

    private CudaException Fault(int status, string call) => new($"{call} failed: {_api.Describe(status)}.{Remedy(status)}");

    private static string Remedy(int status) => status switch
    {
        1 or 3 => " cuBLAS needs some 100 MiB of the GPU's memory for itself: lower Model:MemoryUtilization or Model:BlockCount.", // NOT_INITIALIZED, ALLOC_FAILED
        8 or 15 => " This cuBLAS does not know this GPU or these types: install a newer one (CUDA 11.8 or newer).", // ARCH_MISMATCH, NOT_SUPPORTED
        _ => "",
    };
}
