using System.Diagnostics.Metrics;
using Llama.Model.Torch;

namespace Llama.Server.Telemetry;

/// <summary>
/// What the process holds, under the names that Prometheus' own clients use: what grows without end shows here first. One meter for the process, however many hosts
/// live in it, for each of their scrapes hears every meter of this name.
/// </summary>
internal static class ProcessMetrics
{
    public const string MeterName = "Llama.Process";

    private static readonly Lazy<Meter> Meter = new(Create);

    /// <summary>Makes the instruments, once.</summary>
    public static void Observe() => _ = Meter.Value;

    private static Meter Create()
    {
        Meter meter = new(MeterName);
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, description: "Resident memory, mapped files included.");
        meter.CreateObservableGauge("dotnet_total_memory_bytes", () => GC.GetTotalMemory(forceFullCollection: false), description: "Managed memory in use.");
        meter.CreateObservableGauge("llama_torch_tensors", () => TorchTensors.Count, description: "Tensors of libtorch that live; 0 while it is not loaded.");
        if (!OperatingSystem.IsLinux()) return meter;
        meter.CreateObservableGauge("process_open_fds", () => Entries("fd"), description: "Open file descriptors.");
        meter.CreateObservableGauge("process_threads", () => Entries("task"), description: "Threads of the system.");
        return meter;
    }

    private static int Entries(string folder) => Directory.EnumerateFileSystemEntries($"/proc/self/{folder}").Count();
}
