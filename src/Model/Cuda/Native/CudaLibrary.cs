namespace Llama.Model.Cuda.Native;

/// <summary>A library of the toolkit that was found.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Library">Where it was loaded from, and its functions.</param>
/// <param name="Version">What it says.</param>
internal sealed record CudaLibrary(ToolkitLibrary Kind, LoadedLibrary Library, Version Version)
{
    /// <summary>As <c>doctor</c> prints it: <c>nvrtc 12.8 (/usr/local/cuda/lib64/libnvrtc.so.12)</c>.</summary>
    public override string ToString() => $"{Kind.Name} {Version} ({Library.Path})";
}
