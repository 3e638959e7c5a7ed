namespace Llama.Server.Hosting;

/// <summary>A file of settings where somebody starts the program, who may take it for the one that is read.</summary>
internal static class UnreadSettings
{
    private const string Name = "appsettings.json";

    /// <summary>Its path; null where there is none, or it says the same as the one that is read.</summary>
    /// <param name="working">The working folder.</param>
    /// <param name="contentRoot">Where settings are read.</param>
    public static string? Find(string working, string contentRoot)
    {
        string unread = Path.Combine(working, Name), read = Path.Combine(contentRoot, Name);
        try
        {
            return !File.Exists(unread) || (File.Exists(read) && File.ReadAllBytes(unread).AsSpan().SequenceEqual(File.ReadAllBytes(read))) ? null : unread;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // what this user may not read is not meant for him
        }
    }
}
