using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A module in the process: a copy of its own, with variables of its own.</summary>
internal sealed unsafe class EmulatedModule : IDisposable
{
    private readonly nint _library;
    private readonly byte[] _image;

    /// <summary>Loads it for this thread.</summary>
    public EmulatedModule(ReadOnlySpan<byte> image)
    {
        _image = image.ToArray();
        _library = WithFile(NativeLibrary.Load);
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

    /// <summary>The line of the source that an instruction was made of, or null.</summary>
    /// <param name="offset">Its place in the image.</param>
    public string? Line(ulong offset) => WithFile(path => Gnu.Line(path, offset));

    public void Dispose() => NativeLibrary.Free(_library);

    private T WithFile<T>(Func<string, T> use)
    {
        string path = Path.Combine(Path.GetTempPath(), $"llama-module-{Guid.NewGuid():N}.so");
        try
        {
            File.WriteAllBytes(path, _image);
            return use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
