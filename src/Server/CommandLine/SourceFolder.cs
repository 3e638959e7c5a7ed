using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary>The checkpoint that a verb's <c>--model</c> names: a folder, found as the server finds one.</summary>
internal static class SourceFolder
{
    /// <param name="model">The option's value; empty for the bundled model.</param>
    /// <exception cref="VerbException">There is none, or it is a GGUF file.</exception>
    public static string Find(string model)
    {
        string program = AppContext.BaseDirectory;
        if (!ModelFolder.TryFind(model, program, program, out string folder, out _))
            throw new VerbException($"--model is '{model}', but there is no such folder. Give a folder that holds config.json and *.safetensors.");
        if (File.Exists(folder))
            throw new VerbException($"--model is '{model}', a GGUF file; give the folder with config.json and *.safetensors that it was made of.");
        return folder;
    }

    /// <summary>The absolute path that <c>--out</c> names.</summary>
    /// <exception cref="VerbException">It names none.</exception>
    public static string FullOutput(string path) =>
        string.IsNullOrWhiteSpace(path) ? throw new VerbException("--out is empty; name what is to be written.") : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
