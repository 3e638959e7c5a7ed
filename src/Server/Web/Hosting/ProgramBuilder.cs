namespace Llama.Server.Web.Hosting;

/// <summary>The beginning of a program of ours: its settings from the files beside it, the environment and the command line.</summary>
internal static class ProgramBuilder
{
    /// <exception cref="InvalidDataException">A file of settings cannot be read; in words.</exception>
    public static WebApplicationBuilder Create(string[] settings)
    {
        try
        {
            return WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
        }
        catch (Exception exception) when (exception is InvalidDataException or UnauthorizedAccessException)
        {
            string reason = exception is InvalidDataException ? $"{exception.Message} {exception.GetBaseException().Message}" : exception.Message;
            throw new InvalidDataException($"{reason} Mend the file, or take it away: settings may also stand in the environment and on the command line.", exception);
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
