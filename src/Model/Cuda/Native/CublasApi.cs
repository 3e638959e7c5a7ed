using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary>The functions of cuBLAS that are used, by the names its library exports. All return a <c>cublasStatus_t</c>, 0 if they did it. Source: cublas_api.h 11.4–13.0.</summary>
internal sealed unsafe class CublasApi(LoadedLibrary library)
{
    public readonly delegate* unmanaged<nint*, int> Create = (delegate* unmanaged<nint*, int>)library["cublasCreate_v2"];
    public readonly delegate* unmanaged<nint, int> Destroy = (delegate* unmanaged<nint, int>)library["cublasDestroy_v2"];
    public readonly delegate* unmanaged<nint, nint, int> SetStream = (delegate* unmanaged<nint, nint, int>)library["cublasSetStream_v2"];
    public readonly delegate* unmanaged<nint, nint, nuint, int> SetWorkspace = (delegate* unmanaged<nint, nint, nuint, int>)library["cublasSetWorkspace_v2"];
    public readonly delegate* unmanaged<nint, CublasMath, int> SetMathMode = (delegate* unmanaged<nint, CublasMath, int>)library["cublasSetMathMode"];

    /// <summary>
    /// C = alpha · op(A) · op(B) + beta · C by columns. Handle; op of A and B; rows of C, columns of C, length of the sums; alpha; A, its type, stride of its columns; B likewise; beta;
    /// C likewise; type of the sums; algorithm. Alpha and beta are read from host memory and have the type of the sums.
    /// </summary>
    public readonly delegate* unmanaged<
        nint, CublasOperation, CublasOperation, int, int, int, void*, nint, CudaDataType, int, nint, CudaDataType, int, void*, nint, CudaDataType, int, CublasCompute, int, int> GemmEx =
        (delegate* unmanaged<
            nint, CublasOperation, CublasOperation, int, int, int, void*, nint, CudaDataType, int, nint, CudaDataType, int, void*, nint, CudaDataType, int, CublasCompute, int, int>)
        library["cublasGemmEx"];

    private readonly delegate* unmanaged<int, byte*> _getStatusName = (delegate* unmanaged<int, byte*>)library.Optional("cublasGetStatusName");

    /// <summary>A status as cuBLAS names it.</summary>
    public string Describe(int status) => _getStatusName != null && Marshal.PtrToStringUTF8((nint)_getStatusName(status)) is { } name ? $"{name} ({status})" : $"status {status}";
}
