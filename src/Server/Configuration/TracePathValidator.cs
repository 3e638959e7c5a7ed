using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds a trace that could not be written.</summary>
internal sealed class TracePathValidator : IValidateOptions<SchedulerSettings>
{
    public ValidateOptionsResult Validate(string? name, SchedulerSettings options)
    {
        if (options.TracePath.Length == 0)
            return ValidateOptionsResult.Success;
        string path = Path.GetFullPath(options.TracePath);
        if (Directory.Exists(path))
            return ValidateOptionsResult.Fail($"Scheduler:TracePath is '{options.TracePath}', which is a folder; name a file.");
        return Directory.Exists(Path.GetDirectoryName(path))
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Scheduler:TracePath is '{options.TracePath}', in a folder that is not there; make the folder, or leave the setting out.");
    }
}
