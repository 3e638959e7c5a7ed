using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Torch;

namespace Llama.Model.Backends;

/// <summary>The backend that the settings <c>Model:Device</c> and <c>Model:Kernels</c> ask for, on this machine.</summary>
/// <param name="Device">Which device, and why.</param>
/// <param name="Create">Makes it on the calling thread.</param>
/// <param name="Warnings">What is not as one might expect; may grow while it is made.</param>
internal sealed record BackendChoice(DeviceChoice Device, CreateBackend Create, List<string> Warnings)
{
    /// <summary>As the setting <c>Model:Kernels</c> names them.</summary>
    public string Kernels { get; init; } = "fused";

    /// <summary>Share of the free memory that the cache takes when no setting says so.</summary>
    public double CacheShare => Device.IsCuda ? 0.9 : 0.5;

    /// <summary>Decides, without touching a device.</summary>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static BackendChoice Of(ModelOptions options)
    {
        if (options.Kernels is not ("fused" or "plain" or "scalar")) throw new ArgumentException($"Model:Kernels is '{options.Kernels}'; use fused or plain.");
        if (options.Kernels != "fused" && options.Deterministic) throw new ArgumentException("Model:Deterministic needs fused kernels; remove it, or set Model:Kernels=fused.");
        List<string> warnings = [];
        DeviceChoice device = DeviceChoice.Resolve(options.Device, options.Kernels == "plain" ? TorchDevices.CountCuda : () => CountUsable(options.Device, warnings));
        return new BackendChoice(device, Creator(options.Kernels, device, warnings), warnings) { Kernels = options.Kernels };
    }

    /// <summary>Bytes that the device could give now.</summary>
    public long FreeBytes()
    {
        if (Device.CudaIndex is not int index) return HostMemory.Instance.FreeBytes();
        if (Kernels == "plain")
        {
            using TorchMemory memory = new(Device.Name);
            return memory.FreeBytes();
        }
        if (!CudaDevices.TryFind(out CudaDevices? devices, out string? reason)) throw new InvalidOperationException(reason);
        using CudaDriver driver = devices.Open(index);
        return driver.MemoryInfo().Free;
    }

    private static CreateBackend Creator(string kernels, DeviceChoice device, List<string> warnings) => (kernels, device.CudaIndex) switch
    {
        ("plain", _) => (_, _) => HostBackend.Plain(device.Name),
        ("scalar", _) => (dtype, _) => HostBackend.Scalar(dtype),
        (_, int index) => (dtype, deterministic) => CudaBackend.Open(index, dtype, deterministic, warnings.Add),
        _ => HostBackend.Fused,
    };

    // By itself a GPU is only taken if all that it needs is there.
    private static int CountUsable(string setting, List<string> warnings)
    {
        if (!CudaDevices.TryFind(out CudaDevices? devices, out _)) return 0;
        if (setting != "auto" || CudaBackend.CanOpen(devices, out string? reason)) return devices.Count;
        warnings.Add($"The GPU ({devices[0].Name}) is not used: {reason}");
        return 0;
    }
}
