using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Ranges of <see cref="ModelSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class ModelSettingsValidator : IValidateOptions<ModelSettings>;

/// <summary>Ranges of <see cref="SchedulerSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class SchedulerSettingsValidator : IValidateOptions<SchedulerSettings>;

/// <summary>Ranges of <see cref="ServerSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class ServerSettingsValidator : IValidateOptions<ServerSettings>;

/// <summary>Ranges of <see cref="RateLimitsSettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class RateLimitsSettingsValidator : IValidateOptions<RateLimitsSettings>;
