namespace Llama.Tests.Shared;

/// <summary>The files of this repository.</summary>
public static class Repository
{
    private static readonly string Root = FindRoot(AppContext.BaseDirectory);

    public static string Find(string path) => Path.GetFullPath(Path.Combine(Root, path));

    public static string Read(string path) => File.ReadAllText(Find(path));

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Llama.sln")) ? folder : FindRoot(Path.GetDirectoryName(folder)!);
}
