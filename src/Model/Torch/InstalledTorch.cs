namespace Llama.Model.Torch;

/// <summary>Finds the libtorch of an installed PyTorch by the places where Python packages lie.</summary>
internal static class InstalledTorch
{
    /// <summary>Where <see cref="Candidates"/> come from, in words.</summary>
    public const string Places = "the folders of LD_LIBRARY_PATH, and lib/python3*/{site,dist}-packages/torch/lib of $VIRTUAL_ENV, $CONDA_PREFIX, ~/.local, /usr/local and /usr";

    /// <summary>The first candidate that holds a libtorch, or null.</summary>
    public static string? Find() => Candidates().FirstOrDefault(f => File.Exists(Path.Combine(f, TorchLibrary.FileName("torch_cpu"))));

    /// <summary>Folders in the order of search: LD_LIBRARY_PATH, the active virtual or conda environment, the user's and the system's packages.</summary>
    private static IEnumerable<string> Candidates()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            yield return folder;

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string?[] prefixes = [Environment.GetEnvironmentVariable("VIRTUAL_ENV"), Environment.GetEnvironmentVariable("CONDA_PREFIX"), Path.Combine(home, ".local"), "/usr/local", "/usr"];
        foreach (string prefix in prefixes.Where(p => !string.IsNullOrEmpty(p)).Select(p => Path.Combine(p!, "lib")).Where(Directory.Exists))
            foreach (string python in Directory.EnumerateDirectories(prefix, "python3*").Order())
                foreach (string packages in new[] { "site-packages", "dist-packages" })
                    if (Directory.Exists(Path.Combine(python, packages, "torch")))
                        yield return Path.Combine(python, packages, "torch", "lib");
    }
}
