using Llama.Model;

namespace Llama.Server.Bench.Local;

/// <summary>What has come of weights that stream, on all devices together.</summary>
/// <param name="Bytes">Read, or copied to a device.</param>
/// <param name="Waited">For how long steps waited for them; null where a device cannot tell.</param>
internal readonly record struct Streamed(long Bytes, TimeSpan? Waited)
{
    /// <summary>So far.</summary>
    public static Streamed On(IReadOnlyList<DeviceShare> devices)
    {
        Streamed all = new(0, TimeSpan.Zero);
        foreach (DeviceShare device in devices)
            if (device.Traffic is { } traffic) all += new Streamed(traffic.Bytes, traffic.Waited);
        return all;
    }

    public static Streamed operator +(Streamed one, Streamed other) => new(one.Bytes + other.Bytes, one.Waited + other.Waited);

    public static Streamed operator -(Streamed later, Streamed earlier) => new(later.Bytes - earlier.Bytes, later.Waited - earlier.Waited);
}
