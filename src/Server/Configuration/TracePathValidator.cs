using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds a trace that could not be written.</summary>
internal sealed class TracePathValidator : IValidateOptions<SchedulerSettings>
{
    public ValidateOptionsResult Validate(string? name, SchedulerSettings options) =>
        options.TracePath.Length > 0 && WritableFile.WhyNot(Path.GetFullPath(HomePath.Of(options.TracePath))) is { } why
            ? ValidateOptionsResult.Fail($"Scheduler:TracePath is '{options.TracePath}', {why}")
            : ValidateOptionsResult.Success;
}
