using System.Diagnostics.Metrics;
using Llama.Model;
using Llama.Server.Hosting;

namespace Llama.Server.Telemetry;

/// <summary>What of the model lies on each device, and for how long the device has worked; none while the model is being loaded.</summary>
internal sealed class DeviceGauges
{
    private readonly EngineHost _host;

    public DeviceGauges(IMeterFactory meters, EngineHost host)
    {
        _host = host;
        Meter meter = meters.Create(ModelCallMetrics.MeterName);
        meter.CreateObservableGauge("llama.device_memory_bytes", () => Devices.SelectMany(Memory), description: "What a device holds of the model: weights, its part of every KV block, and of a memory of its own whatever else was taken.");
        meter.CreateObservableCounter("llama.device_busy_seconds_total", () => Devices.Select(Busy), description: "Time that a device has worked at steps, waiting for those included that share its layers.");
    }

    private IReadOnlyList<DeviceShare> Devices => _host.Description?.Devices ?? [];

    private static IEnumerable<Measurement<long>> Memory(DeviceShare device)
    {
        yield return Of(device, "weights", device.WeightBytes);
        yield return Of(device, "kv_cache", device.CacheBytes);
        if (device.TakenBytes is { } taken)
            yield return Of(device, "other", Math.Max(0, taken - device.WeightBytes - device.CacheBytes));
    }

    private static Measurement<long> Of(DeviceShare device, string kind, long bytes) => new(bytes, new("device", device.Name), new("kind", kind));

    private static Measurement<double> Busy(DeviceShare device) => new(device.Busy.Total.TotalSeconds, new KeyValuePair<string, object?>("device", device.Name));
}
