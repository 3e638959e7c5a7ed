using System.Globalization;
using Llama.Server.Web.Logging;
using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Settings;

/// <summary>What is wrong with a program's settings, in words.</summary>
internal static class SettingsFaults
{
    /// <summary>All faults that the validators find, and what is wrong with the log.</summary>
    public static string[] Find(IServiceProvider services)
    {
        string[] faults = OfValidators(services);
        services.GetService<ILoggerFactory>(); // the log is made by now
        return services.GetService<LogFault>()?.Text is { } fault ? [.. faults, fault] : faults;
    }

    /// <summary>The framework throws one as it is and several together.</summary>
    private static string[] OfValidators(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException one)
        {
            return [.. one.Failures];
        }
        catch (AggregateException many) when (many.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return [.. many.InnerExceptions.Cast<OptionsValidationException>().SelectMany(one => one.Failures)];
        }
    }

    /// <summary>What a validator answers that has found these.</summary>
    public static ValidateOptionsResult ToResult(this IEnumerable<string> faults)
    {
        string[] all = [.. faults];
        return all.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
    }

    /// <summary>All that is wrong, one line each.</summary>
    public static string Describe(string[] faults) =>
        string.Create(CultureInfo.InvariantCulture, $"The settings have {faults.Length} fault(s):{string.Concat(faults.Select(fault => $"\n  - {fault}"))}");
}
