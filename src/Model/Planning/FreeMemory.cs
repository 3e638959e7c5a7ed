using Llama.Model.Backends;
using Llama.Model.Torch;

namespace Llama.Model.Planning;

/// <summary>What devices could give. Found once for a plan and for all that is tried beside it: what is free here is another amount at the next moment.</summary>
/// <param name="assumed">Devices to plan for; none for those that are here.</param>
/// <param name="measure">Asks a device that is here; null to ask it itself.</param>
internal sealed class FreeMemory(IReadOnlyList<AssumedDevice> assumed, Func<BackendChoice, long>? measure = null)
{
    private readonly Dictionary<string, long> _found = [];

    /// <summary>Those that need not be here.</summary>
    public IReadOnlyList<AssumedDevice> Assumed => assumed;

    /// <summary>Bytes that a device could give.</summary>
    public long Of(BackendChoice choice)
    {
        string name = choice.Device.Name;
        if (!_found.TryGetValue(name, out long free)) _found[name] = free = assumed.FirstOrDefault(device => DeviceChoice.IsSame(device.Name, name))?.FreeBytes ?? (measure is null ? choice.FreeBytes() : measure(choice));
        return free;
    }
}
