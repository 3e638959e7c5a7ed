using Llama.Model.Backends;

namespace Llama.Model.Verification;

/// <summary>Types of weights and KV cache, and how far rounding activations to the type of the products, or the cache, may take a result.</summary>
/// <param name="Dtype">As the setting <c>Model:Dtype</c> spells it.</param>
/// <param name="KvDtype">As the setting <c>Model:KvDtype</c> spells it.</param>
/// <param name="Tolerance">Relative to the largest value.</param>
internal readonly record struct CheckedTypes(string Dtype, string KvDtype, double Tolerance)
{
    public static IReadOnlyList<CheckedTypes> All { get; } =
        [new("float32", "auto", 1e-4), new("bfloat16", "auto", 1e-2), new("int8", "auto", 1e-2), new("int8-outliers", "auto", 1e-2), new("int4", "auto", 1e-2), new("bfloat16", "int8", 1e-2), new("float32", "int8", 1e-2)];

    /// <summary>Those that all of some devices can work with.</summary>
    public static IReadOnlyList<CheckedTypes> On(IReadOnlyList<BackendChoice> devices) => [.. All.Where(types => types.FaultOn(devices) is null)];

    /// <summary>Why one of some devices cannot work with them, with the remedy; null if all can.</summary>
    public string? FaultOn(IReadOnlyList<BackendChoice> devices)
    {
        WeightFormat format = WeightFormat.Parse(Dtype);
        return devices.Select(device => format.FaultOn(stored: null, isHost: !device.Device.IsCuda, device.HoldsCodes)).FirstOrDefault(fault => fault is not null);
    }
}
