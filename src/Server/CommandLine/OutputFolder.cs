using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary>The checkpoint folder that a verb's <c>--out</c> names. It gets its name when it is whole: what bears it can be served.</summary>
internal static class OutputFolder
{
    /// <summary>The absolute path that <c>--out</c> names, of a folder or a file.</summary>
    /// <exception cref="VerbException">It names none.</exception>
    public static string PathOf(string output) =>
        string.IsNullOrWhiteSpace(output) ? throw new VerbException("--out is empty; name what is to be written.") : Path.TrimEndingDirectorySeparator(Path.GetFullPath(HomePath.Of(output)));

    /// <summary>Makes sure that the folder may be written.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="force">Whether a checkpoint that is there may be replaced.</param>
    /// <exception cref="VerbException">It is there already, and not to be replaced or no checkpoint.</exception>
    public static void Check(string folder, bool force)
    {
        if (!Path.Exists(folder) || IsEmpty(folder)) return;
        if (!File.Exists(Path.Combine(folder, "config.json"))) throw new VerbException($"{folder} is there already, is no checkpoint (it holds no config.json) and is not replaced; name another --out.");
        if (!force) throw new VerbException($"{folder} is there already; name another --out, or add --force to replace it.");
    }

    /// <summary>Writes it, replacing one that is there.</summary>
    /// <param name="folder">Its path, checked.</param>
    /// <param name="write">Fills a new folder that will be the one.</param>
    /// <exception cref="VerbException">Nothing can be written there.</exception>
    public static void Write(string folder, Action<string> write)
    {
        string partial = PartialOf(folder);
        Begin(partial);
        try
        {
            write(partial);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            Directory.Move(partial, folder);
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }

    /// <summary>What an output is called until it is whole.</summary>
    /// <param name="output">Path of a folder or a file.</param>
    /// <exception cref="VerbException">Something is called so already, whosever it is.</exception>
    public static string PartialOf(string output)
    {
        string partial = output + ".partial";
        return !Path.Exists(partial) ? partial : throw new VerbException($"{partial} is there already, perhaps left by a run that was killed; remove it, or name another --out.");
    }

    /// <summary>What to say of a place where nothing can be written.</summary>
    public static VerbException Refused(Exception why) => new($"--out cannot be written: {why.Message.TrimEnd('.')}. Name another.");

    private static void Begin(string partial)
    {
        try
        {
            Directory.CreateDirectory(partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(exception);
        }
    }

    private static bool IsEmpty(string folder) => Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any();
}
