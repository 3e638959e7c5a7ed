using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary>
/// A shared library and the functions in it. They are found by name and called through pointers, not by <c>LibraryImport</c>: which file it is, and which of its functions there are, is
/// known only where the program runs, and a test can put a library of its own there.
/// </summary>
internal sealed class LoadedLibrary
{
    private readonly nint _handle;

    private LoadedLibrary(string path, nint handle) => (Path, _handle) = (path, handle);

    /// <summary>The file, or a mere name if the system's loader found it.</summary>
    public string Path { get; }

    /// <summary>The address of a function that every version has that can be used.</summary>
    /// <exception cref="CudaException">It is not there.</exception>
    public nint this[string function] =>
        Optional(function) is not 0 and nint address ? address : throw new CudaException($"{Path} has no function {function}: it is too old. Update it (CUDA 11.4 or newer).");

    /// <summary>The address of a function that newer versions have, or 0.</summary>
    public nint Optional(string function) => NativeLibrary.TryGetExport(_handle, function, out nint address) ? address : 0;

    /// <summary>Loads a file, or what the system's loader finds under a name.</summary>
    /// <param name="path">File or name.</param>
    /// <param name="library">The library.</param>
    /// <param name="reason">What the system's loader said if it did not load.</param>
    public static bool TryLoad(string path, [NotNullWhen(true)] out LoadedLibrary? library, [NotNullWhen(false)] out string? reason)
    {
        library = null;
        reason = null;
        try
        {
            library = new LoadedLibrary(path, NativeLibrary.Load(path));
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's advice comes first, the loader's reason in the lines after it.
            reason = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1).FirstOrDefault() ?? e.Message;
            return false;
        }
    }

    /// <summary>Lets go of a library that will not be used.</summary>
    public void Unload() => NativeLibrary.Free(_handle);
}
