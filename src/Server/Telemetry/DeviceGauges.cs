using System.Diagnostics.Metrics;
using Llama.Model;
using Llama.Server.Hosting;

namespace Llama.Server.Telemetry;

/// <summary>What each device holds of the model, and how long it has worked; nothing while the model is being loaded.</summary>
internal sealed class DeviceGauges
{
    private readonly EngineHost _host;

    public DeviceGauges(IMeterFactory meters, EngineHost host)
    {
        _host = host;
        Meter meter = meters.Create(ModelCallMetrics.MeterName);
        meter.CreateObservableGauge("llama.device_memory_bytes", () => Devices.SelectMany(Memory), description: "Memory of a device by kind: weights, its part of every KV block, and other, which is known of devices with a memory of their own.");
        meter.CreateObservableCounter("llama.device_busy_seconds_total", () => Devices.Select(Busy), description: "Time that a device has worked at steps, including waits for devices that share its layers.");
        meter.CreateObservableCounter("llama.device_streamed_bytes_total", () => Streams.Select(Streamed), description: "Weights that a device has read from outside because Model:MemoryLimit leaves no room for them.");
        meter.CreateObservableCounter("llama.device_stream_wait_seconds_total", () => Streams.SelectMany(Waited), description: "Time that a device's steps have waited for such weights; measured on a CPU only.");
    }

    private IReadOnlyList<DeviceShare> Devices => _host.Description?.Devices ?? [];

    private IEnumerable<DeviceShare> Streams => Devices.Where(device => device.Traffic is not null);

    private static IEnumerable<Measurement<long>> Memory(DeviceShare device)
    {
        yield return Of(device, "weights", device.WeightBytes);
        yield return Of(device, "kv_cache", device.CacheBytes);
        if (device.TakenBytes is { } taken)
            yield return Of(device, "other", Math.Max(0, taken - device.WeightBytes - device.CacheBytes));
    }

    private static Measurement<long> Of(DeviceShare device, string kind, long bytes) => new(bytes, new("device", device.Name), new("kind", kind));

    private static Measurement<double> Busy(DeviceShare device) => new(device.Busy.Total.TotalSeconds, new KeyValuePair<string, object?>("device", device.Name));

    private static Measurement<long> Streamed(DeviceShare device) => new(device.Traffic!.Bytes, new KeyValuePair<string, object?>("device", device.Name));

    private static IEnumerable<Measurement<double>> Waited(DeviceShare device)
    {
        if (device.Traffic!.Waited is { } waited)
            yield return new(waited.TotalSeconds, new KeyValuePair<string, object?>("device", device.Name));
    }
}
