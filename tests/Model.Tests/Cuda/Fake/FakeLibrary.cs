using System.Runtime.InteropServices;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Tests.Cuda.Fake;

/// <summary>A C source of this folder as a shared library in a folder of its own, so that each has its own state and the system's real loader finds the functions.</summary>
internal sealed class FakeLibrary : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-fake-").FullName;

    public FakeLibrary(string source, string fileName, params string[] options)
    {
        File = Path.Combine(_folder, fileName);
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        Gcc.Build(Path.Combine(AppContext.BaseDirectory, "Cuda", "Fake", source), File, ["-Wall", "-Werror", .. options]);
    }

    /// <summary>The folder that the file's name counts from.</summary>
    public string Folder => _folder;

    public string File { get; }

    /// <summary>The address of a function of the fake's own.</summary>
    public nint this[string function] => NativeLibrary.GetExport(NativeLibrary.Load(File), function);

    /// <summary>The library as the search for it gives it.</summary>
    public CudaLibrary As(ToolkitLibrary kind) =>
        CudaLibraries.TryFind(kind, driver: null, new LibraryPlaces(_ => null, "/nowhere", "/nowhere"), [File], out CudaLibrary? library, out string? reason)
            ? library
            : throw new InvalidOperationException(reason);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
