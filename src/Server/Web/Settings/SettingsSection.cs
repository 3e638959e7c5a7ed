using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Settings;

/// <summary>Binds one section of the settings as far as it can and reports all that it could not; see <see cref="SettingsBinder"/>.</summary>
internal sealed class SettingsSection<T>(string section, IConfiguration configuration) : IConfigureOptions<T>, IValidateOptions<T>
    where T : class, new()
{
    /// <summary>The section as far as it can be bound, unchecked.</summary>
    public T Read()
    {
        var options = new T();
        Configure(options);
        return options;
    }

    public void Configure(T options) => SettingsBinder.Bind(configuration.GetSection(section), options, []);

    public ValidateOptionsResult Validate(string? name, T options)
    {
        List<string> faults = [];
        SettingsBinder.Bind(configuration.GetSection(section), new T(), faults);
        return faults.ToResult();
    }
}
