using System.Runtime.InteropServices;
using TorchSharp;

namespace Llama.Model.Torch;

/// <summary>
/// Loads libtorch once per process: from the NuGet packages beside the program, or from an installed PyTorch (<c>-p:TorchBackend=system</c>, which ships
/// none). Never both: two libtorchs in one process corrupt each other.
/// </summary>
internal static class TorchLibrary
{
    private static readonly Lazy<string> Loaded = new(LoadOnce);
    private static string? _requestedFolder;

    /// <summary>Loads libtorch if that has not happened yet and says where it came from.</summary>
    /// <param name="folder">The <c>torch/lib</c> folder of an installed PyTorch; null takes the packaged libtorch, else looks for an installed one.</param>
    /// <exception cref="TorchLoadException">Nothing loadable was found.</exception>
    public static string Load(string? folder = null)
    {
        _requestedFolder ??= folder;
        return Loaded.Value;
    }

    private static string LoadOnce()
    {
        string? packaged = PackagedFolder();
        if (packaged is not null && _requestedFolder is not null)
            throw new TorchLoadException($"Model:LibTorch is '{_requestedFolder}', but this build carries its own libtorch in {packaged}. "
                + "Remove the setting, or build with -p:TorchBackend=system.");

        string source = packaged ?? LoadInstalled();
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            return source;
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            throw new TorchLoadException(Explain(source), e);
        }
    }

    private static string? PackagedFolder() =>
        NativeFolders().FirstOrDefault(folder => File.Exists(Path.Combine(folder, LibraryName("torch_cpu"))));

    private static IEnumerable<string> NativeFolders() =>
        [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"),
         Path.Combine(AppContext.BaseDirectory, "runtimes", PortableRid(), "native")];

    private static string LoadInstalled()
    {
        string folder = _requestedFolder is not null ? Checked(_requestedFolder) : InstalledTorch.Find()
            ?? throw new TorchLoadException("This build has no libtorch of its own (TorchBackend=system), and no installed PyTorch was found. Sought libtorch_cpu in: "
                + string.Join(", ", InstalledTorch.Candidates()) + ". Set Model:LibTorch to the torch/lib folder of a PyTorch, or build with -p:TorchBackend=cpu.");

        // Order matters: each library finds the ones it needs among those already in the process.
        foreach (string name in new[] { "c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch" })
        {
            string path = Path.Combine(folder, LibraryName(name));
            if (File.Exists(path)) NativeLibrary.Load(path);
        }
        return folder;
    }

    private static string Checked(string folder) => File.Exists(Path.Combine(folder, LibraryName("torch_cpu")))
        ? folder
        : throw new TorchLoadException($"Model:LibTorch is '{folder}', but there is no {LibraryName("torch_cpu")} in it. Give the torch/lib folder of a PyTorch.");

    private static string Explain(string source)
    {
        string shim = NativeFolders().Select(f => Path.Combine(f, LibraryName("LibTorchSharp"))).FirstOrDefault(File.Exists)
            ?? $"{LibraryName("LibTorchSharp")} (found in none of {string.Join(", ", NativeFolders().Distinct())})";
        return $"libtorch did not load. Sought: {LibraryName("torch_cpu")} in {source} and {shim}. The system's loader says: {LoaderMessage(shim)}. "
            + "If a library is missing, run 'dotnet build' again (it copies them); if a version is too new or too old, use the packaged libtorch (-p:TorchBackend=cpu) "
            + "or the PyTorch release that TorchSharp was built for (2.10).";
    }

    private static string LoaderMessage(string path)
    {
        try
        {
            NativeLibrary.Load(path);
            return "nothing (it loads by itself; the fault lies in the fit of the two)";
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return e.Message.Split('\n')[0];
        }
    }

    private static string PortableRid() =>
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux") + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    internal static string LibraryName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
