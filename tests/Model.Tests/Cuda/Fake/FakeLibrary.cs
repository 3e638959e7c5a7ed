using System.Diagnostics;
using System.Runtime.InteropServices;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Tests.Cuda.Fake;

/// <summary>A C source of this folder as a shared library in a folder of its own, so that each has its own state and the system's real loader finds the functions.</summary>
internal sealed class FakeLibrary : IDisposable
{
    public const string NoCompiler = "There is no gcc to compile the fake library with.";

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-fake-").FullName;

    public FakeLibrary(string source, string fileName, params string[] options)
    {
        File = Path.Combine(_folder, fileName);
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        ProcessStartInfo start = new(Compiler!, ["-shared", "-fPIC", "-Wall", "-Werror", .. options, "-o", File, Path.Combine(AppContext.BaseDirectory, "Cuda", "Fake", source)])
        {
            RedirectStandardError = true,
        };
        using Process gcc = Process.Start(start)!;
        string errors = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, errors);
    }

    /// <summary>The compiler, or null.</summary>
    public static string? Compiler { get; } = OperatingSystem.IsLinux()
        ? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "gcc")).FirstOrDefault(System.IO.File.Exists)
        : null;

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
