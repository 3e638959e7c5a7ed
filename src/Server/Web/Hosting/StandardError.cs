namespace Llama.Server.Web.Hosting;

/// <summary>Where a program of ours says what its log does not.</summary>
internal static class StandardError
{
    /// <summary>Writes a line, or nothing where it cannot: the disk on which it ends may be full, or the terminal gone, and there is nobody else to tell.</summary>
    public static void TryWriteLine(string line) => TryWriteLine(Console.Error, line);

    /// <inheritdoc cref="TryWriteLine(string)"/>
    /// <param name="error">What takes the place of the standard error.</param>
    /// <param name="line">The line.</param>
    public static void TryWriteLine(TextWriter error, string line)
    {
        try
        {
            error.WriteLine(line);
        }
        catch (IOException)
        {
        }
    }
}
