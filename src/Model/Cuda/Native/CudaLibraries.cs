using System.Diagnostics.CodeAnalysis;

namespace Llama.Model.Cuda.Native;

/// <summary>Finds a library of the CUDA toolkit that works with the driver.</summary>
internal static class CudaLibraries
{
    /// <summary>The first that loads and whose CUDA the driver knows: by the system's loader, then in <see cref="LibraryPlaces"/>.</summary>
    /// <param name="wanted">Which.</param>
    /// <param name="driver">The version of CUDA that the driver is made for; null for any.</param>
    /// <param name="library">It.</param>
    /// <param name="reason">Where it was sought, what was found there and why that does not do.</param>
    public static bool TryFind(ToolkitLibrary wanted, Version? driver, [NotNullWhen(true)] out CudaLibrary? library, [NotNullWhen(false)] out string? reason) =>
        TryFind(wanted, driver, LibraryPlaces.OfThisMachine, wanted.LoaderNames, out library, out reason);

    /// <summary>The same with other places and names.</summary>
    public static bool TryFind(
        ToolkitLibrary wanted, Version? driver, LibraryPlaces places, IEnumerable<string> loaderNames, [NotNullWhen(true)] out CudaLibrary? library, [NotNullWhen(false)] out string? reason)
    {
        List<string> faults = [];
        IEnumerable<string> files = places.Folders().SelectMany(wanted.FilesIn);
        library = loaderNames.Concat(files).Select(path => Usable(wanted, path, driver, faults)).FirstOrDefault(found => found is not null);
        reason = library is null ? Reason(wanted, driver, faults) : null;
        return library is not null;
    }

    private static CudaLibrary? Usable(ToolkitLibrary wanted, string path, Version? driver, List<string> faults)
    {
        bool isFile = Path.IsPathRooted(path);
        if (isFile) LoadCompanions(wanted, Path.GetDirectoryName(path)!);
        if (!LoadedLibrary.TryLoad(path, out LoadedLibrary? library, out string? reason))
        {
            if (isFile) faults.Add($"{path} does not load: {reason}");
            return null;
        }
        Version version = wanted.Version(library);
        if (wanted.Fits(version, driver)) return new CudaLibrary(wanted, library, version);
        faults.Add(wanted.Least is null ? $"{path} is of CUDA {version}" : $"{path} is of version {version}");
        library.Unload();
        return null;
    }

    private static void LoadCompanions(ToolkitLibrary wanted, string folder)
    {
        foreach (string file in ToolkitLibrary.Matching(folder, wanted.Companion)) LoadedLibrary.TryLoad(file, out _, out _);
    }

    private static string Reason(ToolkitLibrary wanted, Version? driver, List<string> faults)
    {
        string major = driver is null ? "" : $" {driver.Major}";
        if (faults.Count > 0 && wanted.Least is not null) return $"no usable lib{wanted.Name}: {string.Join("; ", faults)}. Needed is {wanted.Least} or newer.";
        return faults.Count > 0
            ? $"no usable lib{wanted.Name}: {string.Join("; ", faults)}. Needed is one of CUDA 11 or newer"
              + (driver is null ? "." : $", but not above {driver.Major}: the driver is made for CUDA {driver}.")
            : $"no lib{wanted.Name}. Sought by the system's loader ({string.Join(", ", wanted.LoaderNames)}) and in {LibraryPlaces.InWords}. "
              + $"Install the CUDA toolkit{major} or NVIDIA's Python packages of it.";
    }
}
