namespace Llama.Server.Configuration;

/// <summary>Asks whether a file could be written, before the work whose outcome it is to hold. Leaves everything as it was.</summary>
internal static class WritableFile
{
    /// <summary>EWOULDBLOCK: somebody has the file for himself.</summary>
    private const int Taken = 11;

    /// <summary>Why not, and what to do, as the rest of a sentence; null where it can be.</summary>
    public static string? WhyNot(string path)
    {
        if (Directory.Exists(path)) return "which is a folder; name a file.";
        string folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) return "in a folder that is not there; make the folder, or name another.";
        try
        {
            using FileStream tried = File.Exists(path) ? Open(path) : Make(Path.Combine(folder, Path.GetRandomFileName()));
            return null;
        }
        catch (IOException taken) when (taken.HResult == Taken)
        {
            return null; // for the one who writes it to find out: verbs that only look run beside a server with the same settings
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"which cannot be written: {fault.Message} Name a file that this user may write.";
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>A file of another name, and only until it is closed: who merely asks leaves nothing behind.</summary>
    private static FileStream Make(string path) => new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0, FileOptions.DeleteOnClose);
}
