using System.ComponentModel;
using System.Globalization;
using System.Numerics;
using System.Reflection;

namespace Llama.Server.Web.Settings;

/// <summary>
/// Binds a section as far as it can and names all that it could not: unknown keys and values of the wrong type. (The framework's binder ignores the former and stops at the first of the
/// latter.) Takes plain values, lists, and sections within.
/// </summary>
internal static class SettingsBinder
{
    public static void Bind(IConfiguration section, object target, ICollection<string> faults)
    {
        Dictionary<string, PropertyInfo> properties = PropertiesOf(target.GetType());
        foreach (IConfigurationSection key in section.GetChildren())
        {
            if (!properties.TryGetValue(key.Key, out PropertyInfo? property))
                faults.Add($"{key.Path} is not a setting; that section has {string.Join(", ", properties.Keys)}.");
            else if (string.IsNullOrEmpty(key.Value) && !key.GetChildren().Any())
                continue; // as Key= in an environment that leaves it open, or null in a file: the default holds
            else if (TryConvert(key, property.PropertyType, faults, out object? value))
                property.SetValue(target, value is string names && property.IsDefined(typeof(NamesAttribute)) ? names.ToLowerInvariant() : value);
        }
    }

    /// <summary>The settings of a section by name.</summary>
    public static Dictionary<string, PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties().Where(property => property.CanWrite).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether settings of a type are a section of their own.</summary>
    public static bool IsSection(Type type) => type is { IsClass: true, IsArray: false } && type != typeof(string);

    private static bool TryConvert(IConfigurationSection key, Type type, ICollection<string> faults, out object? value)
    {
        value = null;
        if (type.IsArray)
            return TryConvertList(key, type.GetElementType()!, faults, out value);
        if (IsSection(type) && string.IsNullOrEmpty(key.Value))
        {
            value = Activator.CreateInstance(type)!;
            Bind(key, value, faults);
            return true;
        }
        if (TryConvertValue(key, type, out value))
            return true;
        faults.Add($"{key.Path} is {Given(key)}{(IsOutOfRange(key.Value, type) ? ", which is out of range" : "")}; give {Describe(type)}.");
        return false;
    }

    /// <summary>What stands at a key. A value with others below it is not repeated: it may be a secret, such as a key of the API that was given a name in the wrong place.</summary>
    private static string Given(IConfigurationSection key) =>
        !key.GetChildren().Any() ? $"'{key.Value}'" : string.IsNullOrEmpty(key.Value) ? "a section" : "both a value and a section";

    /// <summary>Whether a text that is no value of the type is a whole number all the same: then it is its size that is wrong.</summary>
    private static bool IsOutOfRange(string? text, Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var number && (number == typeof(int) || number == typeof(long)) && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static bool TryConvertValue(IConfigurationSection key, Type type, out object? value)
    {
        value = null;
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (key.GetChildren().Any())
            return false;
        try
        {
            value = TypeDescriptor.GetConverter(target).ConvertFromInvariantString(key.Value ?? "");
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>A list is an array in JSON, <c>Key__0</c>… in the environment, or one value.</summary>
    private static bool TryConvertList(IConfigurationSection key, Type itemType, ICollection<string> faults, out object? value)
    {
        IConfigurationSection[] items = [.. key.GetChildren()];
        if (items.Length == 0 && !string.IsNullOrEmpty(key.Value))
            items = [key];
        var list = Array.CreateInstance(itemType, items.Length);
        value = list;
        if (items.Any(item => item != key && !item.Key.All(char.IsAsciiDigit)))
        {
            faults.Add($"{key.Path} has names where a list has places; give {Describe(list.GetType())}."); // not which names: they may be secrets in the wrong place
            return false;
        }
        bool isWhole = true;
        for (int i = 0; i < items.Length; i++)
        {
            // An empty text is an item too, for whoever checks the list to name.
            isWhole &= items[i].Value is { } text && !items[i].GetChildren().Any()
                ? TryConvertText(text, items[i], itemType, faults, out object? item)
                : TryConvert(items[i], itemType, faults, out item);
            list.SetValue(item, i);
        }
        return isWhole;
    }

    private static bool TryConvertText(string text, IConfigurationSection key, Type type, ICollection<string> faults, out object? item)
    {
        TypeConverter converter = TypeDescriptor.GetConverter(type);
        item = converter.CanConvertFrom(typeof(string)) ? converter.ConvertFromInvariantString(text) : null;
        if (item is null)
            faults.Add($"{key.Path} is '{text}'; give {Describe(type)}.");
        return item is not null;
    }

    private static string Describe(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(int) || t == typeof(long) => "a whole number",
        var t when t == typeof(double) => "a number",
        var t when t.IsArray => t == typeof(string[]) ? "a list of texts" : "a list",
        var t when IsSection(t) => "a section with " + string.Join(", ", PropertiesOf(t).Keys),
        _ => "a text",
    };
}
