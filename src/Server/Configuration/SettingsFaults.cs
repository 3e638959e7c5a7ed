using System.Globalization;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>What the host throws where settings are wrong, in words.</summary>
internal static class SettingsFaults
{
    /// <summary>The host throws one fault as it is and several together; empty where the exception is about something else.</summary>
    public static OptionsValidationException[] Of(Exception exception) => exception switch
    {
        OptionsValidationException one => [one],
        AggregateException many when many.InnerExceptions.All(inner => inner is OptionsValidationException) => [.. many.InnerExceptions.Cast<OptionsValidationException>()],
        _ => [],
    };

    /// <summary>All that is wrong with the settings, one line each.</summary>
    public static string Describe(IEnumerable<OptionsValidationException> faults)
    {
        string[] lines = [.. faults.SelectMany(fault => fault.Failures)];
        return string.Create(CultureInfo.InvariantCulture, $"The settings have {lines.Length} fault(s):{string.Concat(lines.Select(line => $"\n  - {line}"))}");
    }
}
