using Llama.Server.Configuration;
using Llama.Server.Limits;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Auth;

/// <summary>Names all that is wrong with keys, those of the file included.</summary>
internal sealed class AuthSettingsValidator(IHostEnvironment environment) : IValidateOptions<AuthSettings>
{
    public ValidateOptionsResult Validate(string? name, AuthSettings settings)
    {
        List<string> faults = [];
        string path = settings.KeysFile.Length > 0 ? KeysFile.Find(settings.KeysFile, environment.ContentRootPath) : "";
        ApiKeys.Read(settings, path, path.Length > 0 ? KeysFile.Text(path) : default, LimitRules.None, faults);
        CheckOperator("Auth:AdminKey", settings.AdminKey, faults);
        CheckOperator("Auth:MetricsKey", settings.MetricsKey, faults);
        return faults.ToResult();
    }

    private static void CheckOperator(string place, string key, List<string> faults)
    {
        string? fault = null;
        if (key.Length > 0 && KeyHash.Read(key, out fault) is null)
            faults.Add($"{place} {fault}");
    }
}
