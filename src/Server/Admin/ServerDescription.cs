using Llama.Server.Watching;

namespace Llama.Server.Admin;

/// <summary>What runs here.</summary>
/// <param name="Version">Of the program, with the commit it was built from where that is known.</param>
/// <param name="Runtime">.NET and the operating system.</param>
/// <param name="StartedAt">When it came up, in Unix seconds.</param>
/// <param name="Status">As the health routes say it.</param>
/// <param name="Model">The id in answers.</param>
/// <param name="Checkpoint">Where the model lies.</param>
/// <param name="Loaded">What was loaded and how its sizes were derived; null while it is being loaded.</param>
/// <param name="Engine">Counts of this moment; null while the model is being loaded.</param>
/// <param name="SharedLimits">Whether limits are counted with other replicas at the moment; null where they are not to be.</param>
public sealed record ServerDescription(
    string Version, string Runtime, long StartedAt, string Status, string Model, string Checkpoint, LoadedDescription? Loaded, EngineCounts? Engine, bool? SharedLimits);

/// <summary>What was loaded.</summary>
/// <param name="Model">Shape and size of the weights.</param>
/// <param name="Device">Where it runs and how that was chosen.</param>
/// <param name="Dtype">Types of weights and cache.</param>
/// <param name="KvCache">Number and size of the blocks and how they were derived.</param>
/// <param name="Memory">What is kept within Model:MemoryLimit and how; null where none is set.</param>
public sealed record LoadedDescription(string Model, string Device, string Dtype, string KvCache, string? Memory);
