namespace Llama.Model.Parallel;

/// <summary>A device as <see cref="LayerPlan"/> knows it.</summary>
/// <param name="Name">As settings spell it.</param>
/// <param name="FreeBytes">What it could give.</param>
/// <param name="CacheShare">Share that the cache may take of what weights leave free.</param>
/// <param name="Streams">Whether weights that find no room there stream through it instead.</param>
internal readonly record struct DeviceRoom(string Name, long FreeBytes, double CacheShare, bool Streams = false)
{
    /// <summary>Devices that share every layer, seen as one: each takes an equal part.</summary>
    public static DeviceRoom Of(DeviceRoom[] devices) => new(
        string.Join('+', devices.Select(device => device.Name)), (long)Int128.Min(long.MaxValue, (Int128)devices.Length * devices.Min(device => device.FreeBytes)), devices.Min(device => device.CacheShare),
        devices.All(device => device.Streams));
}
