using Llama.Model.Diagnosis;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Ranges of <see cref="ModelSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class ModelSettingsValidator : IValidateOptions<ModelSettings>;

/// <summary>What attributes cannot say about <see cref="ModelSettings"/>.</summary>
internal sealed class OutlierThresholdValidator : IValidateOptions<ModelSettings>
{
    public ValidateOptionsResult Validate(string? name, ModelSettings options) =>
        options.OutlierThreshold is null || options.Dtype is "auto" or "int8-outliers" // with auto the files decide
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Model:OutlierThreshold is for Model:Dtype=int8-outliers, and that is {options.Dtype}; set the one, or leave out the other.");
}

/// <summary>Whether the devices of <see cref="ModelSettings"/>, how many share a layer, kernels and limits go together, where each is right by itself.</summary>
internal sealed class DevicesValidator : IValidateOptions<ModelSettings>
{
    private static readonly ModelSettingsValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, ModelSettings options) =>
        !Ranges.Validate(name, options).Failed && ModelDiagnosis.DeviceFault(options.ToOptions(options.Path, new SchedulerSettings())) is { } fault
            ? ValidateOptionsResult.Fail(fault)
            : ValidateOptionsResult.Success;
}

/// <summary>Ranges of <see cref="SchedulerSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class SchedulerSettingsValidator : IValidateOptions<SchedulerSettings>;

/// <summary>Ranges of <see cref="ServerSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class ServerSettingsValidator : IValidateOptions<ServerSettings>;

/// <summary>Ranges of <see cref="RateLimitsSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class RateLimitsSettingsValidator : IValidateOptions<RateLimitsSettings>;
