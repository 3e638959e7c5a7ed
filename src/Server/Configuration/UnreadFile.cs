namespace Llama.Server.Configuration;

/// <summary>A file that could not be read.</summary>
internal static class UnreadFile
{
    /// <summary>Whether it is the file that is at fault, or its path.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>What kept it from being read, without a full stop.</summary>
    /// <param name="path">The file's.</param>
    /// <param name="exception">What reading it threw.</param>
    public static string Why(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => Directory.Exists(path) ? "it is a folder" : "this user may not",
        _ => exception.Message.TrimEnd('.'),
    };
}
