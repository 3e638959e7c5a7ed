namespace Llama.Server.Configuration;

/// <summary>Marks a setting that is shown to nobody, an operator included.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
