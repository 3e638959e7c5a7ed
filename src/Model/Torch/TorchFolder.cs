namespace Llama.Model.Torch;

/// <summary>
/// Where libtorch and TorchSharp's own native library are: beside the program, as NuGet packages bring them, or libtorch in an installed PyTorch (<c>-p:TorchBackend=system</c>, which ships none).
/// Never both: two libtorchs in one process corrupt each other.
/// </summary>
internal static class TorchFolder
{
    private const string ShimLibrary = "LibTorchSharp", CoreLibrary = "torch_cpu";

    private static string? _requested;

    /// <summary>Whether the program has a libtorch of its own.</summary>
    public static bool IsPackaged => Packaged(CoreLibrary) is not null;

    /// <summary>TorchSharp's own native library; null where it is not.</summary>
    public static string? Shim => Packaged(ShimLibrary) is { } folder ? Path.Combine(folder, FileName(ShimLibrary)) : null;

    /// <summary>Names the libtorch that is to be loaded when it is needed.</summary>
    /// <param name="folder">The <c>torch/lib</c> folder of an installed PyTorch; null takes the packaged libtorch, else looks for an installed one.</param>
    /// <exception cref="TorchLoadException">There is none in the folder, or the program has its own.</exception>
    public static void Choose(string? folder)
    {
        if (folder is null) return;
        _requested ??= folder;
        _ = Find();
    }

    /// <summary>The folder of the libtorch that is to be loaded.</summary>
    /// <exception cref="TorchLoadException">There is none, or two were named; with where it was sought.</exception>
    public static string Find() => Packaged(CoreLibrary) is { } packaged ? NotBesides(packaged) : Installed();

    /// <summary>As <see cref="Shim"/>.</summary>
    /// <exception cref="TorchLoadException">It is not there.</exception>
    public static string FindShim() => Shim ?? throw new TorchLoadException(
        $"{FileName(ShimLibrary)}, TorchSharp's own native library, is in none of {string.Join(", ", NativeFolders())}. Run 'dotnet build' again: it copies the file there.");

    /// <summary>A library's file.</summary>
    public static string FileName(string name) => $"lib{name}.so";

    private static string NotBesides(string packaged) => _requested is null ? packaged : throw new TorchLoadException(
        $"Model:LibTorch is '{_requested}', but this build carries its own libtorch in {packaged}. Remove the setting, or build with -p:TorchBackend=system.");

    private static string Installed()
    {
        if (_requested is null)
            return InstalledTorch.Find() ?? throw new TorchLoadException("This build has no libtorch of its own (TorchBackend=system), and no installed PyTorch was found. "
                + $"Sought {FileName(CoreLibrary)} in {InstalledTorch.Places}. Set Model:LibTorch to the torch/lib folder of a PyTorch, or build with -p:TorchBackend=cpu.");
        return File.Exists(Path.Combine(_requested, FileName(CoreLibrary))) ? _requested : throw new TorchLoadException(
            $"Model:LibTorch is '{_requested}', but there is no {FileName(CoreLibrary)} in it. Give the torch/lib folder of a PyTorch.");
    }

    /// <summary>Where native libraries of packages lie: beside the program, in its folder for them, or where the runtime unpacks those that a single file holds.</summary>
    /// <param name="program">The program's folder.</param>
    /// <param name="searched">What the runtime itself searches, as it says it.</param>
    internal static IEnumerable<string> NativeFolders(string program, string? searched)
    {
        string[] folders = [program, Path.Combine(program, "runtimes", "linux-x64", "native"), .. searched?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? []];
        return folders.Select(Path.TrimEndingDirectorySeparator).Distinct();
    }

    private static string? Packaged(string library) => NativeFolders().FirstOrDefault(folder => File.Exists(Path.Combine(folder, FileName(library))));

    private static IEnumerable<string> NativeFolders() => NativeFolders(AppContext.BaseDirectory, AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string);
}
