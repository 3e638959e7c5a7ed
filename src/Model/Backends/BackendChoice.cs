using Llama.Model.Cuda;
using Llama.Model.Torch;

namespace Llama.Model.Backends;

/// <summary>The backend that the settings <c>Model:Device</c> and <c>Model:Kernels</c> ask for, on this machine.</summary>
/// <param name="Device">Which device, and why.</param>
/// <param name="Create">Makes it on the calling thread.</param>
/// <param name="Warnings">What is not as one might expect; may grow while it is made.</param>
internal sealed record BackendChoice(DeviceChoice Device, CreateBackend Create, List<string> Warnings)
{
    /// <summary>Decides, without touching a device.</summary>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static BackendChoice Of(ModelOptions options)
    {
        if (options.Kernels is not ("fused" or "plain")) throw new ArgumentException($"Model:Kernels is '{options.Kernels}'; use fused or plain.");
        bool isPlain = options.Kernels == "plain";
        if (isPlain && options.Deterministic) throw new ArgumentException("Model:Deterministic needs fused kernels; remove it, or set Model:Kernels=fused.");
        List<string> warnings = [];
        DeviceChoice device = DeviceChoice.Resolve(options.Device, isPlain ? TorchDevices.CountCuda : () => CountUsable(options.Device, warnings));
        return new BackendChoice(device, Creator(device, isPlain, warnings), warnings);
    }

    private static CreateBackend Creator(DeviceChoice device, bool isPlain, List<string> warnings) => (isPlain, device.CudaIndex) switch
    {
        (true, _) => (_, _) => HostBackend.Plain(device.Name),
        (false, int index) => (dtype, deterministic) => CudaBackend.Open(index, dtype, deterministic, warnings.Add),
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
