namespace Llama.Server.Web.Hosting;

/// <summary>The beginning of a program of ours: its settings from the files beside it, the environment and the command line.</summary>
internal static class ProgramBuilder
{
    // Settings are read once. To watch the files takes two of the user's inotify instances, of which other programs may leave none: then the framework throws.
    private const string ReadOnce = "--hostBuilder:reloadConfigOnChange=false";

    private const string Remedy = "Mend the file, or take it away: settings may also stand in the environment and on the command line.";

    /// <inheritdoc cref="Create(string[], string)"/>
    public static WebApplicationBuilder Create(string[] settings) => Create(settings, AppContext.BaseDirectory);

    /// <param name="settings">Of the command line.</param>
    /// <param name="contentRoot">Where the files of settings lie.</param>
    /// <exception cref="InvalidDataException">A file of settings cannot be read; in words.</exception>
    internal static WebApplicationBuilder Create(string[] settings, string contentRoot)
    {
        string file = Path.Combine(contentRoot, "appsettings.json");
        if (Directory.Exists(file)) // which the framework takes for no file
            throw new InvalidDataException($"{file} is a folder, as a container's mount becomes one where the host has no such file. {Remedy}");
        try
        {
            return WebApplication.CreateBuilder(new WebApplicationOptions { Args = [ReadOnce, .. settings], ContentRootPath = contentRoot });
        }
        catch (Exception exception) when (exception is InvalidDataException or UnauthorizedAccessException or IOException)
        {
            string reason = exception is InvalidDataException ? $"{exception.Message} {exception.GetBaseException().Message}" : exception.Message;
            throw new InvalidDataException($"{reason} {Remedy}", exception);
        }
    }

    /// <summary>Builds upon that; null where it cannot be, which is then told.</summary>
    public static T? TryBuild<T>(Func<T> build, TextWriter error)
        where T : class
    {
        try
        {
            return build();
        }
        catch (InvalidDataException exception)
        {
            error.WriteLine(exception.Message);
            return null;
        }
    }
}
