using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds the checkpoint's folder.</summary>
internal static class ModelFolder
{
    /// <summary>Looks in the current directory first, then beside the program; an empty path takes the only folder of <c>models</c>.</summary>
    /// <param name="path">The setting <c>Model:Path</c>.</param>
    /// <param name="contentRoot">Where the program and its bundled model lie.</param>
    /// <param name="folder">The folder, absolute.</param>
    /// <param name="fault">What is wrong and what to do, when there is none.</param>
    public static bool TryFind(string path, string contentRoot, out string folder, out string? fault)
    {
        (folder, fault) = path.Length == 0 ? FindBundled(contentRoot) : FindNamed(path, contentRoot);
        return fault is null;
    }

    private static (string Folder, string? Fault) FindNamed(string path, string contentRoot)
    {
        string here = Path.GetFullPath(path), bundled = Path.GetFullPath(path, contentRoot);
        if (Directory.Exists(here))
            return (here, null);
        if (Directory.Exists(bundled))
            return (bundled, null);
        string looked = here == bundled ? here : $"{here} and {bundled}";
        return ("", $"Model:Path is '{path}', but there is no such folder (looked for {looked}). Give a folder that holds config.json and *.safetensors.");
    }

    private static (string Folder, string? Fault) FindBundled(string contentRoot)
    {
        string models = Path.Combine(contentRoot, "models");
        string[] folders = Directory.Exists(models) ? Directory.GetDirectories(models) : [];
        return folders.Length == 1
            ? (folders[0], null)
            : ("", $"Model:Path is not set and {models} holds {folders.Length} folders, not the one bundled model. Set Model:Path.");
    }
}

/// <summary>Faults at start when the checkpoint's folder cannot be found.</summary>
internal sealed class ModelFolderValidator(IHostEnvironment environment) : IValidateOptions<ModelSettings>
{
    public ValidateOptionsResult Validate(string? name, ModelSettings options) =>
        ModelFolder.TryFind(options.Path, environment.ContentRootPath, out _, out string? fault) ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(fault!);
}
