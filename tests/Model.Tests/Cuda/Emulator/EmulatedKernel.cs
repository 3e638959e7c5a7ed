using System.Runtime.InteropServices;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A kernel of a loaded module.</summary>
internal sealed unsafe class EmulatedKernel(EmulatedModule module, EmulatedRuntime.Kernel* kernel)
{
    public EmulatedModule Module { get; } = module;

    public EmulatedRuntime.Kernel* Entry { get; } = kernel;

    public string Name { get; } = Marshal.PtrToStringUTF8((nint)kernel->Name)!;

    /// <summary>A letter for each parameter: <c>p</c> pointer, <c>i</c> 4 bytes, <c>l</c> 8 bytes.</summary>
    public string Parameters { get; } = Marshal.PtrToStringUTF8((nint)kernel->Parameters)!;

    /// <summary>Most dynamic shared memory that it may be launched with.</summary>
    public int SharedBytes { get; set; } = 48 << 10;
}
