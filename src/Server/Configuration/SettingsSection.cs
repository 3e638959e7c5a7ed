using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>
/// Binds one section as far as it can and reports all that it could not: unknown keys and values of the wrong type. (The framework's binder ignores the former and
/// stops at the first of the latter.)
/// </summary>
internal sealed class SettingsSection<T>(string section, IConfiguration configuration) : IConfigureOptions<T>, IValidateOptions<T>
    where T : class, new()
{
    private static readonly Dictionary<string, PropertyInfo> Properties =
        typeof(T).GetProperties().ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The section as far as it can be bound, unchecked.</summary>
    public T Read()
    {
        var options = new T();
        Configure(options);
        return options;
    }

    public void Configure(T options)
    {
        foreach (IConfigurationSection key in configuration.GetSection(section).GetChildren())
        {
            if (Properties.TryGetValue(key.Key, out PropertyInfo? property) && TryConvert(key, property.PropertyType, out object? value))
                property.SetValue(options, value);
        }
    }

    public ValidateOptionsResult Validate(string? name, T options)
    {
        string[] faults = [.. configuration.GetSection(section).GetChildren().Select(Fault).OfType<string>()];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static string? Fault(IConfigurationSection key)
    {
        if (!Properties.TryGetValue(key.Key, out PropertyInfo? property))
            return $"{key.Path} is not a setting; that section has {string.Join(", ", Properties.Keys)}.";
        if (TryConvert(key, property.PropertyType, out _))
            return null;
        return $"{key.Path} is '{key.Value ?? "a section"}'; give {Describe(property.PropertyType)}.";
    }

    private static bool TryConvert(IConfigurationSection key, Type type, out object? value)
    {
        if (type == typeof(string[]))
            return TryConvertList(key, out value);
        value = null;
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (key.GetChildren().Any())
            return false;
        if (string.IsNullOrEmpty(key.Value) && target != type)
            return true;
        try
        {
            value = TypeDescriptor.GetConverter(target).ConvertFromInvariantString(key.Value ?? "");
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return false;
        }
    }

    /// <summary>A list is an array in JSON, <c>Key__0</c>… in the environment, or one value.</summary>
    private static bool TryConvertList(IConfigurationSection key, out object? value)
    {
        IConfigurationSection[] items = [.. key.GetChildren()];
        value = items.Length > 0 ? items.Select(item => item.Value ?? "").ToArray() : string.IsNullOrEmpty(key.Value) ? [] : new[] { key.Value };
        return items.All(item => item.Value is not null);
    }

    private static string Describe(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(int) || t == typeof(long) => "a whole number",
        var t when t == typeof(double) => "a number",
        var t when t == typeof(string[]) => "a list of texts",
        _ => "a text",
    };
}
