using System.Runtime.InteropServices;
using Llama.Model.Torch;

namespace Llama.Model.Cuda.Native;

/// <summary>The folders in which libraries of the CUDA toolkit may lie when the system's loader does not know them.</summary>
/// <param name="variable">The value of an environment variable, or null.</param>
/// <param name="home">The user's folder.</param>
/// <param name="root">What <c>usr</c> lies in.</param>
internal sealed class LibraryPlaces(Func<string, string?> variable, string home, string root)
{
    /// <summary>Where <see cref="Folders"/> come from, in words.</summary>
    public const string InWords = $"$CUDA_HOME, $CUDA_PATH, /usr/local/cuda*, nvidia/*/lib and torch/lib in {PythonPackages.Places}, and the program's own folder";

    /// <summary>Those of this machine.</summary>
    public static LibraryPlaces OfThisMachine { get; } = new(Environment.GetEnvironmentVariable, HomeFolder.Path, "/");

    /// <summary>Those that exist, in the order of search.</summary>
    public IEnumerable<string> Folders() =>
        Toolkits().SelectMany(InToolkit).Concat(PythonPackages.Folders(variable, home, root).SelectMany(InPackages)).Concat(Program()).Where(Directory.Exists);

    private IEnumerable<string> Toolkits()
    {
        string local = Path.Combine(root, "usr/local");
        IEnumerable<string> installed = Directory.Exists(local) ? Directory.EnumerateDirectories(local, "cuda*", PythonPackages.WhatMayBeRead) : [];
        // /usr/local/cuda is the version that the machine's owner chose; the others follow, newest first.
        return new[] { variable("CUDA_HOME"), variable("CUDA_PATH") }.OfType<string>().Where(p => p.Length > 0)
            .Concat(installed.OrderByDescending(p => Path.GetFileName(p) == "cuda").ThenByDescending(p => p, StringComparer.Ordinal));
    }

    private static IEnumerable<string> InToolkit(string toolkit) =>
        new[] { "lib64", "lib", "targets/x86_64-linux/lib" }.Select(folder => Path.Combine(toolkit, folder));

    // One folder for each library (cublas, cuda_nvrtc) up to CUDA 12, one for all (cu13) after it.
    private static IEnumerable<string> InPackages(string packages)
    {
        string nvidia = Path.Combine(packages, "nvidia");
        IEnumerable<string> ofNvidia = Directory.Exists(nvidia) ? Directory.EnumerateDirectories(nvidia, "*", PythonPackages.WhatMayBeRead).OrderDescending(StringComparer.Ordinal) : [];
        return ofNvidia.Select(package => Path.Combine(package, "lib")).Append(Path.Combine(packages, "torch", "lib"));
    }

    private static string[] Program() => [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native")];
}
