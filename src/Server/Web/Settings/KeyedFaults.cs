using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Settings;

/// <summary>Says a validator's faults by the keys that the settings have in the configuration. Generated validators name the member in their own way.</summary>
internal sealed class KeyedFaults<T>(string root, IValidateOptions<T> validator) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        CultureInfo ownCulture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture; // a range is told as the settings write numbers
        try
        {
            return validator.Validate(name, options) is { Failed: true } result ? ValidateOptionsResult.Fail(result.Failures!.Select(WithKey)) : ValidateOptionsResult.Success;
        }
        finally
        {
            CultureInfo.CurrentCulture = ownCulture;
        }
    }

    private string WithKey(string failure)
    {
        string keyed = KeyedFaults.GeneratedRange.Replace(KeyedFaults.GeneratedMember.Replace(failure, ""), "${section}:${key} must be");
        return root.Length == 0 ? keyed : $"{root}:{keyed}";
    }
}

/// <summary>How generated validators begin.</summary>
internal static partial class KeyedFaults
{
    [GeneratedRegex("^The field (?<section>[A-Za-z]+)Settings.(?<key>[A-Za-z]+) must be")]
    public static partial Regex GeneratedRange { get; }

    [GeneratedRegex("^[A-Za-z]+: ")]
    public static partial Regex GeneratedMember { get; }
}
