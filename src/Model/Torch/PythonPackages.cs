namespace Llama.Model.Torch;

/// <summary>The folders in which Python keeps installed packages: PyTorch brings libtorch, and NVIDIA's packages the libraries of CUDA.</summary>
internal static class PythonPackages
{
    /// <summary>Where <see cref="Folders()"/> come from, in words.</summary>
    public const string Places = "lib/python3*/{site,dist}-packages of $VIRTUAL_ENV, $CONDA_PREFIX, the python3 of $PATH, pyenv, ~/.local, /usr/local and /usr";

    /// <summary>A folder that this process may not look into has nothing for it.</summary>
    public static EnumerationOptions WhatMayBeRead { get; } = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    /// <summary>Those of this machine, in the order of search.</summary>
    public static IEnumerable<string> Folders() => Folders(Environment.GetEnvironmentVariable, HomeFolder.Path, "/");

    /// <summary>Those that exist, in the order of search: the active virtual or conda environment, that of the interpreter in reach, the user's, the system's.</summary>
    /// <param name="variable">The value of an environment variable, or null.</param>
    /// <param name="home">The user's folder.</param>
    /// <param name="root">What <c>usr</c> lies in.</param>
    public static IEnumerable<string> Folders(Func<string, string?> variable, string home, string root)
    {
        IEnumerable<string?> interpreters = (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Links(Path.Combine(folder, "python3"))).Select(file => Path.GetDirectoryName(file.DirectoryName));
        string pyenv = Path.Combine(variable("PYENV_ROOT") ?? Path.Combine(home, ".pyenv"), "versions"); // its python3 is a script
        IEnumerable<string> versions = Directory.Exists(pyenv) ? Directory.EnumerateDirectories(pyenv, "*", WhatMayBeRead).OrderDescending(StringComparer.Ordinal) : [];
        string[] system = [Path.Combine(home, ".local"), Path.Combine(root, "usr/local"), Path.Combine(root, "usr")];
        IEnumerable<string?> prefixes = [variable("VIRTUAL_ENV"), variable("CONDA_PREFIX"), .. interpreters, .. versions, .. system];
        return prefixes.Where(p => !string.IsNullOrEmpty(p)).Distinct().Select(p => Path.Combine(p!, "lib")).Where(Directory.Exists)
            .SelectMany(lib => Directory.EnumerateDirectories(lib, "python3*", WhatMayBeRead).Order(StringComparer.Ordinal))
            .SelectMany(python => new[] { Path.Combine(python, "site-packages"), Path.Combine(python, "dist-packages") })
            .Where(Directory.Exists);
    }

    // /usr/local/bin/python3 may be a link to /opt/torch/.venv/bin/python3, and that one to /usr/bin/python3.12: the packages can be those of any step.
    private static IEnumerable<FileInfo> Links(string path)
    {
        const int most = 8; // or a ring of links would have no end
        FileInfo? file = new(path);
        for (int i = 0; i < most && file is { Exists: true }; i++, file = file.ResolveLinkTarget(returnFinalTarget: false) as FileInfo) yield return file;
    }
}
