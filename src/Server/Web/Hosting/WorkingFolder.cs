namespace Llama.Server.Web.Hosting;

/// <summary>The folder that a program of ours is started in.</summary>
internal static class WorkingFolder
{
    /// <summary>Tells of one that is gone: a shell stays in it when it is deleted, or exchanged for one of the same name. Paths would begin nowhere, and libtorch ends the process.</summary>
    public static bool IsGone(TextWriter error)
    {
        try
        {
            _ = Directory.GetCurrentDirectory();
            return false;
        }
        catch (IOException)
        {
            StandardError.TryWriteLine(error, "The folder that this program was started in is gone. Change to another (where there is a new one of its name: cd \"$PWD\") and start it again.");
            return true;
        }
    }
}
