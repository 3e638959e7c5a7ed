namespace Llama.Server.Web.Hosting;

/// <summary>Where a program of ours says what its log does not.</summary>
internal static class StandardError
{
    /// <summary>Writes a line, or nothing where it cannot: the disk on which it ends may be full, and there is nobody else to tell.</summary>
    public static void TryWriteLine(string line)
    {
        try
        {
            Console.Error.WriteLine(line);
        }
        catch (IOException)
        {
        }
    }
}
