using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds a trace that could not be written.</summary>
internal sealed class TracePathValidator : IValidateOptions<SchedulerSettings>
{
    /// <summary>EWOULDBLOCK: somebody has the file for himself.</summary>
    private const int Taken = 11;

    public ValidateOptionsResult Validate(string? name, SchedulerSettings options) =>
        options.TracePath.Length > 0 && WhyNot(Path.GetFullPath(options.TracePath)) is { } why
            ? ValidateOptionsResult.Fail($"Scheduler:TracePath is '{options.TracePath}', {why}")
            : ValidateOptionsResult.Success;

    private static string? WhyNot(string path)
    {
        if (Directory.Exists(path)) return "which is a folder; name a file.";
        string folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) return "in a folder that is not there; make the folder, or leave the setting out.";
        try
        {
            using FileStream tried = File.Exists(path) ? Open(path) : Make(Path.Combine(folder, Path.GetRandomFileName()));
            return null;
        }
        catch (IOException taken) when (taken.HResult == Taken)
        {
            return null; // for the engine to find out: verbs that only look run beside a server with the same settings
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
