using System.ComponentModel.DataAnnotations;

namespace Llama.Server.Web.Settings;

/// <summary>A setting that takes names, all of them in lower case here. They may be given in any case: <see cref="SettingsBinder"/> lowers it.</summary>
/// <param name="pattern">What is taken, as a regular expression.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NamesAttribute(string pattern) : RegularExpressionAttribute(pattern);
