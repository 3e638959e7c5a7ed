using System.ComponentModel;
using System.Globalization;

namespace Llama.Server.Configuration;

/// <summary>Takes a text for a key.</summary>
internal sealed class KeyEntryConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => new KeyEntry { Key = (string)value };
}
