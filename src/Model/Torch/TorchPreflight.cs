using System.Text.RegularExpressions;

namespace Llama.Model.Torch;

/// <summary>
/// Whether an installed libtorch has what TorchSharp's native library was linked against, told from their symbol tables before either is loaded. C++ has no stable names: another
/// release of torch lacks some.
/// </summary>
/// <param name="Folder">Of the libtorch.</param>
/// <param name="Version">Its release, where a version.py beside the folder tells.</param>
/// <param name="MissingAtLoad">What must be there for the library to load at all: data such as tables of virtual functions.</param>
/// <param name="MissingCalls">Functions whose absence ends the process when one is first called.</param>
public sealed partial record TorchPreflight(string Folder, string? Version, IReadOnlyList<string> MissingAtLoad, IReadOnlyList<string> MissingCalls)
{
    /// <summary>The release of torch that TorchSharp was linked against.</summary>
    public const string BuiltFor = "2.10";

    private const int Shown = 5;

    /// <summary>Whether it will load.</summary>
    public bool Loads => MissingAtLoad.Count == 0;

    /// <summary>What does not fit and what to do, in a sentence or two; null when everything does.</summary>
    public string? Remark => (Loads, MissingCalls.Count) switch
    {
        (true, 0) => null,
        (true, int count) => $"{Name} lacks {count} functions that TorchSharp, built for torch {BuiltFor}, may call ({Some(MissingCalls)}): plain kernels may end the process; fused kernels need none of them.",
        _ => $"{Name} does not fit TorchSharp, which was built for torch {BuiltFor}: it lacks {MissingAtLoad.Count} symbols without which {TorchFolder.FileName("LibTorchSharp")} does not load "
            + $"({Some(MissingAtLoad)}). Install torch {BuiltFor}, or build with -p:TorchBackend=cpu; Model:Kernels=fused may do without libtorch.",
    };

    private string Name => Version is null ? $"The libtorch in {Folder}" : $"torch {Version} in {Folder}";

    /// <summary>Compares a libtorch with the TorchSharp of this program; null where neither is an ELF library, as on other systems than Linux, or TorchSharp's is not there.</summary>
    /// <param name="folder">The <c>torch/lib</c> folder of a PyTorch.</param>
    /// <exception cref="InvalidDataException">A library is broken.</exception>
    public static TorchPreflight? Check(string folder) =>
        OperatingSystem.IsLinux() && TorchFolder.Shim is { } shim ? Check(shim, folder) : null;

    internal static TorchPreflight Check(string shim, string folder)
    {
        using ElfLibrary asking = ElfLibrary.Open(shim);
        Dictionary<string, bool> missing = asking.Needed();
        foreach (string path in new[] { "c10", "torch_cpu", "torch" }.Select(name => Path.Combine(folder, TorchFolder.FileName(name))).Where(File.Exists))
        {
            using ElfLibrary offering = ElfLibrary.Open(path);
            offering.TakeDefined(missing);
        }
        return new TorchPreflight(folder, VersionBeside(folder), Names(atLoad: true), Names(atLoad: false));

        string[] Names(bool atLoad) => [.. missing.Where(symbol => symbol.Value == atLoad).Select(symbol => CppName.Readable(symbol.Key)).Order(StringComparer.Ordinal)];
    }

    private static string? VersionBeside(string folder)
    {
        string path = Path.Combine(folder, "..", "version.py");
        return File.Exists(path) && VersionLine().Match(File.ReadAllText(path)) is { Success: true } line ? line.Groups[1].Value : null;
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(Shown)) + (names.Count > Shown ? ", …" : "");

    [GeneratedRegex("""^__version__\s*(?::\s*\w+\s*)?=\s*['"]([^'"]+)['"]""", RegexOptions.Multiline)]
    private static partial Regex VersionLine();
}
