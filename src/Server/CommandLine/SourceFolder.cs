using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary>The checkpoint that an option of a verb names: a folder, found as the server finds one.</summary>
internal static class SourceFolder
{
    /// <param name="path">The option's value; empty for the bundled model.</param>
    /// <param name="option">The option.</param>
    /// <exception cref="VerbException">There is none, or it is a GGUF file.</exception>
    public static string Find(string path, string option = "--model")
    {
        string program = AppContext.BaseDirectory;
        if (!ModelFolder.TryFind(path, program, program, out string folder, out _))
            throw new VerbException($"{option} is '{path}', where no checkpoint is; give a folder that holds config.json and *.safetensors.");
        if (File.Exists(folder))
            throw new VerbException($"{option} is '{path}', a GGUF file; give the folder with config.json and *.safetensors that it was made of.");
        return folder;
    }

    /// <summary>The absolute path that <c>--out</c> names.</summary>
    /// <exception cref="VerbException">It names none.</exception>
    public static string FullOutput(string path) =>
        string.IsNullOrWhiteSpace(path) ? throw new VerbException("--out is empty; name what is to be written.") : Path.TrimEndingDirectorySeparator(Path.GetFullPath(HomePath.Of(path)));
}
