namespace Llama.Server.Auth;

/// <summary>What was read of a file of keys. Equal when the file is as it was.</summary>
/// <param name="Json">What stands in it; null when it could not be read.</param>
/// <param name="WhyNone">The reason then; else empty.</param>
internal readonly record struct KeysText(string? Json, string WhyNone);
