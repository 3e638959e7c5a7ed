using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds the checkpoint: a folder, or a GGUF file.</summary>
internal static class ModelFolder
{
    private const string Expected = "Give a folder that holds config.json and *.safetensors, or a .gguf file.";

    private static readonly string[] PartsOfCheckpoints = ["config.json", "tokenizer.model", "tokenizer.json"];

    /// <summary>Looks in the current directory first, then in the application's, then beside the program; an empty path takes the only folder of the <c>models</c> there.</summary>
    /// <param name="path">The setting <c>Model:Path</c>.</param>
    /// <param name="contentRoot">Where the application's files lie.</param>
    /// <param name="program">Where the program and its bundled model lie.</param>
    /// <param name="folder">The folder or file, absolute.</param>
    /// <param name="fault">What is wrong and what to do, when there is none.</param>
    public static bool TryFind(string path, string contentRoot, string program, out string folder, out string? fault)
    {
        (folder, fault) = path.Length == 0 ? FindBundled(program) : FindNamed(path, contentRoot, program);
        return fault is null;
    }

    private static (string Folder, string? Fault) FindNamed(string path, string contentRoot, string program)
    {
        string meant = HomePath.Of(path);
        string[] places = [.. new[] { Path.GetFullPath(meant), Path.GetFullPath(meant, contentRoot), Path.GetFullPath(meant, program) }.Distinct()];
        if (Array.Find(places, Path.Exists) is not { } found)
            return ("", $"Model:Path is '{path}', but there is no such folder or .gguf file (looked for {string.Join(" and ", places)}). {Expected}");
        return WhyNone(found) is { } why ? ("", $"Model:Path is '{path}', {why}") : (found, null);
    }

    /// <summary>Why what is there can be no checkpoint; null where it may be one.</summary>
    private static string? WhyNone(string place)
    {
        if (LostLink.Find(place) is { } lost)
            return lost;
        if (File.Exists(place))
            return IsGguf(place) ? null : $"which is a file, but no .gguf file. {Expected}";
        if (IsMetas(place))
            return $"Llama as Meta distributes it (params.json, consolidated.*.pth). {Expected} convert_llama_weights_to_hf.py of transformers makes such a folder of it.";
        if (PartsOfCheckpoints.Any(part => File.Exists(Path.Combine(place, part))))
            return null; // what else it lacks is told by whoever reads it
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(place)];
        }
        catch (UnauthorizedAccessException)
        {
            return NotReadable();
        }
        if (files.Any(file => PartsOfCheckpoints.Contains(Path.GetFileName(file))))
            return NotReadable(); // its names, but not its files
        files = [.. files.Where(IsGguf).Order(StringComparer.Ordinal)];
        return files.Length == 0 ? $"a folder without a model. {Expected}" : $"a folder of {files.Length} .gguf file(s); name one of them: {files[0]}";
    }

    private static string NotReadable() => NotReadable(Environment.UserName);

    /// <param name="user">Nobody's name where the user is a number alone, as a container's may be.</param>
    internal static string NotReadable(string user) => $"a folder that this user ({(user.Length > 0 ? user : "a number without a name, which 'id -u' shows")}) may not read; give the user the right to, or name another.";

    private static bool IsMetas(string folder) => File.Exists(Path.Combine(folder, "params.json")) && !File.Exists(Path.Combine(folder, "config.json"));

    private static bool IsGguf(string file) => file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static (string Folder, string? Fault) FindBundled(string program)
    {
        string models = Path.Combine(program, "models");
        string[] folders = Directory.Exists(models) ? Directory.GetDirectories(models) : [];
        return folders.Length == 1
            ? (folders[0], null)
            : ("", $"Model:Path is not set and {models} holds {folders.Length} folders, not the one bundled model. Set Model:Path.");
    }
}

/// <summary>Faults at start when the checkpoint cannot be found.</summary>
internal sealed class ModelFolderValidator(IHostEnvironment environment) : IValidateOptions<ModelSettings>
{
    public ValidateOptionsResult Validate(string? name, ModelSettings options) =>
        ModelFolder.TryFind(options.Path, environment.ContentRootPath, AppContext.BaseDirectory, out _, out string? fault)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(fault!);
}
