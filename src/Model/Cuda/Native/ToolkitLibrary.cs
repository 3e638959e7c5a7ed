using System.Text.RegularExpressions;
using Llama.Model.Torch;

namespace Llama.Model.Cuda.Native;

/// <summary>A library of the CUDA toolkit: what its files are called and how it tells its version.</summary>
internal sealed unsafe class ToolkitLibrary
{
    private readonly Regex _file;

    private ToolkitLibrary(string name, string companion, string[] loaderNames, Func<LoadedLibrary, Version> version, Version? least = null)
    {
        (Name, LoaderNames, Version, Least) = (name, loaderNames, version, least);
        Companion = FilePattern(companion);
        _file = FilePattern(name);
    }

    /// <summary>The runtime compiler. It opens its builtins by a bare name, which is found if they are in the process already.</summary>
    public static ToolkitLibrary Nvrtc { get; } = new("nvrtc", "nvrtc-builtins", ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"], NvrtcVersion);

    /// <summary>Dense products, most of which are done by cuBLASLt.</summary>
    public static ToolkitLibrary Cublas { get; } = new("cublas", "cublasLt", ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so"], CublasVersion);

    /// <summary>Sums over several devices. It has versions of its own, each for some CUDA that the driver must know.</summary>
    public static ToolkitLibrary Nccl { get; } = new("nccl", "nccl-net", ["libnccl.so.2", "libnccl.so"], NcclVersion, least: new Version(2, 10));

    /// <summary>Without prefix and ending.</summary>
    public string Name { get; }

    /// <summary>What the system's loader may know it by, newest first.</summary>
    public IReadOnlyList<string> LoaderNames { get; }

    /// <summary>The files that must be loaded before it where they lie beside it.</summary>
    public Regex Companion { get; }

    /// <summary>The least version that will do, where that is not CUDA's.</summary>
    public Version? Least { get; }

    /// <summary>Whether a version will do.</summary>
    /// <param name="version">What a library says of itself.</param>
    /// <param name="driver">The version of CUDA that the driver is made for; null for any.</param>
    public bool Fits(Version version, Version? driver) => Least is null ? version.Major >= 11 && (driver is null || version.Major <= driver.Major) : version >= Least;

    /// <summary>Asks a loaded one for its version, whose major number is that of CUDA unless it has versions of its own.</summary>
    public Func<LoadedLibrary, Version> Version { get; }

    /// <summary>Its files in a folder, newest first.</summary>
    public IEnumerable<string> FilesIn(string folder) => Matching(folder, _file);

    /// <summary>The files in a folder that a pattern names, newest first.</summary>
    public static IEnumerable<string> Matching(string folder, Regex pattern) =>
        Directory.EnumerateFiles(folder, "*", PythonPackages.WhatMayBeRead).Where(file => pattern.IsMatch(Path.GetFileName(file))).OrderDescending(StringComparer.Ordinal);

    // libnvrtc.so.12, libnvrtc-b51b459d.so.12 (as PyTorch renames what it brings itself); not libnvrtc.alt.so.12 nor libnvrtc-builtins.so.12.8.
    private static Regex FilePattern(string name) => new($@"^lib{name}(-[0-9a-f]{{8}})?\.so(\.[0-9.]+)?$", RegexOptions.CultureInvariant);

    private static Version NvrtcVersion(LoadedLibrary library)
    {
        int major, minor;
        var version = (delegate* unmanaged<int*, int*, int>)library.Optional("nvrtcVersion");
        return version != null && version(&major, &minor) == 0 ? new Version(major, minor) : Unknown;
    }

    private static Version CublasVersion(LoadedLibrary library)
    {
        int major, minor;
        var property = (delegate* unmanaged<int, int*, int>)library.Optional("cublasGetProperty"); // libraryPropertyType: 0 major, 1 minor
        return property != null && property(0, &major) == 0 && property(1, &minor) == 0 ? new Version(major, minor) : Unknown;
    }

    private static Version NcclVersion(LoadedLibrary library)
    {
        int code; // 10,000 · major + 100 · minor + patch from 2.9 on
        var version = (delegate* unmanaged<int*, int>)library.Optional("ncclGetVersion");
        return version != null && version(&code) == 0 ? new Version(code / 10_000, code / 100 % 100, code % 100) : Unknown;
    }

    private static Version Unknown => new(0, 0);
}
