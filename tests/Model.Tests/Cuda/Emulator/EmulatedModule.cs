using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A module in the process: a copy of its own, with variables of its own.</summary>
internal sealed unsafe class EmulatedModule : IDisposable
{
    private readonly nint _library;

    /// <summary>Loads it for this thread.</summary>
    public EmulatedModule(ReadOnlySpan<byte> image)
    {
        string path = Path.Combine(Path.GetTempPath(), $"llama-module-{Guid.NewGuid():N}.so");
        File.WriteAllBytes(path, image);
        _library = NativeLibrary.Load(path);
        File.Delete(path);
        Address = NativeLibrary.GetExport(_library, "emulator_module");
        StaticSharedBytes = EmulatedRuntime.StaticShared(Address, out nint shared);
        StaticShared = shared;
        for (EmulatedRuntime.Kernel* kernel = ((EmulatedRuntime.Module*)Address)->Kernels; kernel->Name != null; kernel++) Kernels.Add(new EmulatedKernel(this, kernel));
    }

    public nint Address { get; }

    public nint StaticShared { get; }

    public uint StaticSharedBytes { get; }

    public List<EmulatedKernel> Kernels { get; } = [];

    public EmulatedKernel Kernel(string name) =>
        Kernels.Find(kernel => kernel.Name == name) ?? throw new CudaException($"no kernel '{name}': CUDA_ERROR_NOT_FOUND; there are {string.Join(", ", Kernels.Select(kernel => kernel.Name))}");

    public void Dispose() => NativeLibrary.Free(_library);
}
