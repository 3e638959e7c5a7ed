using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary>The functions of NVRTC that are used. All return an <c>nvrtcResult</c>, 0 if they did it. Source: nvrtc.h 11.2–13.0.</summary>
internal sealed unsafe class NvrtcApi(LoadedLibrary library)
{
    public readonly delegate* unmanaged<int*, int> GetNumSupportedArchs = (delegate* unmanaged<int*, int>)library["nvrtcGetNumSupportedArchs"];
    public readonly delegate* unmanaged<int*, int> GetSupportedArchs = (delegate* unmanaged<int*, int>)library["nvrtcGetSupportedArchs"];

    /// <summary>Program, source, its name, count of headers, their texts, the names they are included by.</summary>
    public readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> CreateProgram =
        (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)library["nvrtcCreateProgram"];

    public readonly delegate* unmanaged<nint*, int> DestroyProgram = (delegate* unmanaged<nint*, int>)library["nvrtcDestroyProgram"];
    public readonly delegate* unmanaged<nint, int, byte**, int> CompileProgram = (delegate* unmanaged<nint, int, byte**, int>)library["nvrtcCompileProgram"];
    public readonly delegate* unmanaged<nint, nuint*, int> GetProgramLogSize = (delegate* unmanaged<nint, nuint*, int>)library["nvrtcGetProgramLogSize"];
    public readonly delegate* unmanaged<nint, byte*, int> GetProgramLog = (delegate* unmanaged<nint, byte*, int>)library["nvrtcGetProgramLog"];
    public readonly delegate* unmanaged<nint, nuint*, int> GetCubinSize = (delegate* unmanaged<nint, nuint*, int>)library["nvrtcGetCUBINSize"];
    public readonly delegate* unmanaged<nint, byte*, int> GetCubin = (delegate* unmanaged<nint, byte*, int>)library["nvrtcGetCUBIN"];

    /// <summary>The terminating zero included, which the driver needs.</summary>
    public readonly delegate* unmanaged<nint, nuint*, int> GetPtxSize = (delegate* unmanaged<nint, nuint*, int>)library["nvrtcGetPTXSize"];
    public readonly delegate* unmanaged<nint, byte*, int> GetPtx = (delegate* unmanaged<nint, byte*, int>)library["nvrtcGetPTX"];

    private readonly delegate* unmanaged<int, byte*> _getErrorString = (delegate* unmanaged<int, byte*>)library["nvrtcGetErrorString"];

    /// <summary>An error as NVRTC names it.</summary>
    public string Describe(int error) => Marshal.PtrToStringUTF8((nint)_getErrorString(error)) ?? $"error {error}";
}
