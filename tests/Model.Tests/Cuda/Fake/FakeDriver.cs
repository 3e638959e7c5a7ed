using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Fake;

/// <summary>The driver of <c>cuda.c</c> and what it noted.</summary>
internal sealed unsafe class FakeDriver(params string[] options) : IDisposable
{
    private readonly FakeLibrary _library = new("cuda.c", "libcuda.so.1", options);

    public string File => _library.File;

    /// <summary>Name and arguments of each call so far, those of <c>cuDriverGetVersion</c> and of errors excepted.</summary>
    public string[] Calls => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)_library["fake_record"])())!.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Allocations, modules, streams, graphs, events and contexts that were not given back.</summary>
    public int Live => ((delegate* unmanaged<int>)_library["fake_live"])();

    /// <summary>The calls after this one go well until the given one, which fails; −1: none does.</summary>
    public void Fail(int call, int error) => ((delegate* unmanaged<int, int, void>)_library["fake_fail"])(call, error);

    public CudaDevices Devices => CudaDevices.TryFind([File], out CudaDevices? devices, out string? reason) ? devices : throw new InvalidOperationException(reason);

    public void Dispose() => _library.Dispose();
}
