namespace Llama.Model.Torch;

/// <summary>Finds the libtorch of an installed PyTorch by the places where Python packages lie.</summary>
internal static class InstalledTorch
{
    /// <summary>Where <see cref="Candidates"/> come from, in words.</summary>
    public const string Places = $"the folders of LD_LIBRARY_PATH, and torch/lib in {PythonPackages.Places}";

    /// <summary>The first candidate that holds a libtorch, or null.</summary>
    public static string? Find() => Candidates().FirstOrDefault(f => File.Exists(Path.Combine(f, TorchFolder.FileName("torch_cpu"))));

    /// <summary>Folders in the order of search.</summary>
    private static IEnumerable<string> Candidates() =>
        (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(PythonPackages.Folders().Select(packages => Path.Combine(packages, "torch", "lib")));
}
