using System.Text.Json.Serialization;
using Llama.Model.Offload;

namespace Llama.Model;

/// <summary>What of a model lies on a device.</summary>
/// <param name="Name">As <c>Model:Device</c> spells it.</param>
/// <param name="WeightBytes">Weights that stay there; not those that stream.</param>
/// <param name="CacheBytes">Its part of the KV cache, used or not.</param>
/// <param name="TakenBytes">All that was taken of a memory of its own; null on the processor, where it is the process' memory.</param>
public sealed record DeviceShare(string Name, long WeightBytes, long CacheBytes, long? TakenBytes)
{
    /// <summary>What steps have had of weights that stream; null where none can.</summary>
    [JsonIgnore]
    public StreamTraffic? Traffic { get; init; }

    /// <summary>For how long it has worked so far; grows while the model runs.</summary>
    [JsonIgnore]
    public BusyTime Busy { get; init; } = new();
}
