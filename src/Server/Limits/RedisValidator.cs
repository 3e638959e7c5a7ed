using Llama.Server.Configuration;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>Finds what is no address of a Redis.</summary>
internal sealed class RedisValidator : IValidateOptions<RateLimitsSettings>
{
    private const string Remedy = "give host:port, and after commas what its client takes, such as password=… or ssl=true.";

    public ValidateOptionsResult Validate(string? name, RateLimitsSettings settings)
    {
        if (settings.Redis.Length == 0)
            return ValidateOptionsResult.Success;
        try
        {
            return ConfigurationOptions.Parse(settings.Redis).EndPoints.Count > 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"RateLimits:Redis names no host; {Remedy}");
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return ValidateOptionsResult.Fail($"RateLimits:Redis cannot be read; {Remedy}"); // not repeated: it may hold a password
        }
    }
}
