namespace Llama.Server.Admin;

/// <summary>A setting as the server runs with it.</summary>
/// <param name="Key">Its name, such as <c>Scheduler:MaxSequences</c>.</param>
/// <param name="Value">Its value; null where it is not set and has no default; stars for a secret.</param>
/// <param name="Source">Where the value came from: <c>default</c>, <c>environment</c>, <c>command line</c>, <c>application</c> or the name of a file.</param>
public sealed record EffectiveSetting(string Key, string? Value, string Source);

/// <summary>The answer of the route that lists them.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The settings, by section.</param>
public sealed record EffectiveSettingList(string Object, IReadOnlyList<EffectiveSetting> Data);
