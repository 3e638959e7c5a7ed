using System.CommandLine;
using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary>A checkpoint that an option of a verb names: a folder, found as the server finds one.</summary>
internal static class SourceFolder
{
    /// <summary>The option of verbs that make one checkpoint of another.</summary>
    public static Option<string> Option() =>
        new("--model") { Description = "The checkpoint: a folder in Hugging Face layout (default: the bundled model).", DefaultValueFactory = _ => "" };

    /// <param name="option">The option, for messages.</param>
    /// <param name="value">What it names; empty for the bundled model.</param>
    /// <exception cref="VerbException">There is none, or it is a GGUF file.</exception>
    public static string Find(string option, string value)
    {
        string program = AppContext.BaseDirectory;
        if (!ModelFolder.TryFind(value, program, program, out string folder, out _))
            throw new VerbException($"{option} is '{value}', {LostLink.Find(HomePath.Of(value)) ?? "where no checkpoint is; give a folder that holds config.json and *.safetensors."}");
        if (File.Exists(folder))
            throw new VerbException($"{option} is '{value}', a GGUF file; give the folder with config.json and *.safetensors that it was made of.");
        return folder;
    }

    /// <summary>Whether a folder that would be replaced holds the source or, behind links, a file of it.</summary>
    /// <param name="source">As found.</param>
    /// <param name="folder">An absolute path.</param>
    public static bool LiesWithin(string source, string folder) =>
        RealPath.IsWithin(source, folder) || Directory.EnumerateFiles(source).Any(file => RealPath.IsWithin(file, folder));

    /// <summary>Whether a file is one of the source's, under whatever name. What is called .gguf there is none: no checkpoint folder needs it, and many hold one.</summary>
    /// <param name="source">As found.</param>
    /// <param name="path">An absolute path.</param>
    public static bool Holds(string source, string path)
    {
        string real = RealPath.Of(path);
        return Directory.EnumerateFiles(source).Any(file => !file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && RealPath.Of(file) == real);
    }
}
