using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary>
/// The functions of the CUDA driver that are used, by the names its library exports: <c>_v2</c> is part of a name where <c>cuda.h</c> hides it behind a macro. The first versions of those
/// functions have 32-bit sizes and are exported still. Devices are int, sizes <c>size_t</c>, everything else a pointer. All return a <c>CUresult</c>, 0 if they did it.
/// Source: cuda.h 11.4–13.0.
/// </summary>
internal sealed unsafe class DriverApi(LoadedLibrary library)
{
    /// <summary>What the system's loader knows the driver by; then where it is if the loader was not told: containers on GKE and gVisor, WSL, NixOS.</summary>
    public static IReadOnlyList<string> Files { get; } =
        ["libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1"];

    public readonly delegate* unmanaged<uint, int> Init = (delegate* unmanaged<uint, int>)library["cuInit"];
    public readonly delegate* unmanaged<int*, int> DriverGetVersion = (delegate* unmanaged<int*, int>)library["cuDriverGetVersion"];
    public readonly delegate* unmanaged<int, byte**, int> GetErrorName = (delegate* unmanaged<int, byte**, int>)library["cuGetErrorName"];
    public readonly delegate* unmanaged<int, byte**, int> GetErrorString = (delegate* unmanaged<int, byte**, int>)library["cuGetErrorString"];

    public readonly delegate* unmanaged<int*, int> DeviceGetCount = (delegate* unmanaged<int*, int>)library["cuDeviceGetCount"];
    public readonly delegate* unmanaged<int*, int, int> DeviceGet = (delegate* unmanaged<int*, int, int>)library["cuDeviceGet"];
    public readonly delegate* unmanaged<byte*, int, int, int> DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)library["cuDeviceGetName"];
    public readonly delegate* unmanaged<int*, DeviceAttribute, int, int> DeviceGetAttribute = (delegate* unmanaged<int*, DeviceAttribute, int, int>)library["cuDeviceGetAttribute"];
    public readonly delegate* unmanaged<nuint*, int, int> DeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)library["cuDeviceTotalMem_v2"];
    public readonly delegate* unmanaged<nint*, int, int> DevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, int>)library["cuDevicePrimaryCtxRetain"];
    public readonly delegate* unmanaged<int, int> DevicePrimaryCtxRelease = (delegate* unmanaged<int, int>)library["cuDevicePrimaryCtxRelease_v2"];
    public readonly delegate* unmanaged<nint, int> CtxSetCurrent = (delegate* unmanaged<nint, int>)library["cuCtxSetCurrent"];

    public readonly delegate* unmanaged<nuint*, nuint*, int> MemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)library["cuMemGetInfo_v2"];
    public readonly delegate* unmanaged<nint*, nuint, int> MemAlloc = (delegate* unmanaged<nint*, nuint, int>)library["cuMemAlloc_v2"];
    public readonly delegate* unmanaged<nint, int> MemFree = (delegate* unmanaged<nint, int>)library["cuMemFree_v2"];
    public readonly delegate* unmanaged<nint*, nuint, uint, int> MemHostAlloc = (delegate* unmanaged<nint*, nuint, uint, int>)library["cuMemHostAlloc"];
    public readonly delegate* unmanaged<nint, int> MemFreeHost = (delegate* unmanaged<nint, int>)library["cuMemFreeHost"];
    public readonly delegate* unmanaged<nint, nint, nuint, int> Memcpy = (delegate* unmanaged<nint, nint, nuint, int>)library["cuMemcpy"];
    public readonly delegate* unmanaged<nint, nint, nuint, nint, int> MemcpyAsync = (delegate* unmanaged<nint, nint, nuint, nint, int>)library["cuMemcpyAsync"];
    public readonly delegate* unmanaged<nint, byte, nuint, nint, int> MemsetD8Async = (delegate* unmanaged<nint, byte, nuint, nint, int>)library["cuMemsetD8Async"];

    public readonly delegate* unmanaged<nint*, void*, uint, JitOption*, void**, int> ModuleLoadDataEx =
        (delegate* unmanaged<nint*, void*, uint, JitOption*, void**, int>)library["cuModuleLoadDataEx"];

    public readonly delegate* unmanaged<nint, int> ModuleUnload = (delegate* unmanaged<nint, int>)library["cuModuleUnload"];
    public readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)library["cuModuleGetFunction"];
    public readonly delegate* unmanaged<nint, FunctionAttribute, int, int> FuncSetAttribute = (delegate* unmanaged<nint, FunctionAttribute, int, int>)library["cuFuncSetAttribute"];

    /// <summary>Function; grid x, y, z; block x, y, z; bytes of dynamic shared memory; stream; addresses of the arguments; extra.</summary>
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel =
        (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)library["cuLaunchKernel"];

    /// <summary>Drivers from CUDA 11.8 on; else null. Configuration, function, addresses of the arguments, extra.</summary>
    public readonly delegate* unmanaged<LaunchConfiguration*, nint, void**, void**, int> LaunchKernelEx =
        (delegate* unmanaged<LaunchConfiguration*, nint, void**, void**, int>)library.Optional("cuLaunchKernelEx");

    public readonly delegate* unmanaged<nint*, uint, int> StreamCreate = (delegate* unmanaged<nint*, uint, int>)library["cuStreamCreate"];
    public readonly delegate* unmanaged<nint, int> StreamDestroy = (delegate* unmanaged<nint, int>)library["cuStreamDestroy_v2"];
    public readonly delegate* unmanaged<nint, int> StreamSynchronize = (delegate* unmanaged<nint, int>)library["cuStreamSynchronize"];
    public readonly delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)library["cuStreamWaitEvent"];
    public readonly delegate* unmanaged<nint, CaptureMode, int> StreamBeginCapture = (delegate* unmanaged<nint, CaptureMode, int>)library["cuStreamBeginCapture_v2"];
    public readonly delegate* unmanaged<nint, nint*, int> StreamEndCapture = (delegate* unmanaged<nint, nint*, int>)library["cuStreamEndCapture"];

    /// <summary>Drivers from CUDA 11.4 on; else null.</summary>
    public readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiateWithFlags =
        (delegate* unmanaged<nint*, nint, ulong, int>)library.Optional("cuGraphInstantiateWithFlags");

    /// <summary>The older form: graph to run, graph, node at fault, text and its size. Null where there is the other.</summary>
    public readonly delegate* unmanaged<nint*, nint, nint*, byte*, nuint, int> GraphInstantiate =
        (delegate* unmanaged<nint*, nint, nint*, byte*, nuint, int>)library.Optional("cuGraphInstantiate_v2");

    public readonly delegate* unmanaged<nint, nint, int> GraphLaunch = (delegate* unmanaged<nint, nint, int>)library["cuGraphLaunch"];
    public readonly delegate* unmanaged<nint, int> GraphDestroy = (delegate* unmanaged<nint, int>)library["cuGraphDestroy"];
    public readonly delegate* unmanaged<nint, int> GraphExecDestroy = (delegate* unmanaged<nint, int>)library["cuGraphExecDestroy"];

    public readonly delegate* unmanaged<nint*, uint, int> EventCreate = (delegate* unmanaged<nint*, uint, int>)library["cuEventCreate"];
    public readonly delegate* unmanaged<nint, int> EventDestroy = (delegate* unmanaged<nint, int>)library["cuEventDestroy_v2"];
    public readonly delegate* unmanaged<nint, nint, int> EventRecord = (delegate* unmanaged<nint, nint, int>)library["cuEventRecord"];
    public readonly delegate* unmanaged<nint, int> EventSynchronize = (delegate* unmanaged<nint, int>)library["cuEventSynchronize"];
    public readonly delegate* unmanaged<float*, nint, nint, int> EventElapsedTime = (delegate* unmanaged<float*, nint, nint, int>)library["cuEventElapsedTime"];

    /// <summary>The version of CUDA that the driver is made for.</summary>
    public Version Version
    {
        get
        {
            int version = 0;
            return DriverGetVersion(&version) == 0 ? new Version(version / 1000, version % 1000 / 10) : new Version(0, 0);
        }
    }

    /// <summary>An error as the driver names and explains it.</summary>
    public string Describe(int error)
    {
        byte* name = null;
        byte* text = null;
        // Of an error that is newer than itself the driver has no name.
        return GetErrorName(error, &name) == 0 && GetErrorString(error, &text) == 0
            ? $"{Marshal.PtrToStringUTF8((nint)name)} ({error}), {Marshal.PtrToStringUTF8((nint)text)}"
            : $"error {error}";
    }
}
