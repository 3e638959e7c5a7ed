using Microsoft.Extensions.Options;

namespace Llama.Gateway.Configuration;

/// <summary>Ranges of <see cref="GatewaySettings"/>, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class GatewaySettingsValidator : IValidateOptions<GatewaySettings>;
