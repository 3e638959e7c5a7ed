using Llama.Model.Cuda.Native;

namespace Llama.Model.Tests.Cuda;

/// <summary>A theory with the real compiler: the one in the file that the variable LLAMA_NVRTC names, or the one of this machine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NvrtcTheoryAttribute : TheoryAttribute
{
    private static readonly string? Reason;

    static NvrtcTheoryAttribute()
    {
        string? file = Environment.GetEnvironmentVariable("LLAMA_NVRTC");
        IEnumerable<string> names = string.IsNullOrEmpty(file) ? ToolkitLibrary.Nvrtc.LoaderNames : [file];
        Library = CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, driver: null, LibraryPlaces.OfThisMachine, names, out CudaLibrary? library, out Reason) ? library : null;
    }

    public NvrtcTheoryAttribute() => Skip = Reason;

    /// <summary>The compiler, or null.</summary>
    internal static CudaLibrary? Library { get; }
}
