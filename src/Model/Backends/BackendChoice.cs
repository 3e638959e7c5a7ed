using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>The backend that the settings <c>Model:Device</c> and <c>Model:Kernels</c> ask for, on this machine.</summary>
/// <param name="Device">Which device, and why.</param>
/// <param name="Create">Makes it on the calling thread.</param>
/// <param name="Warnings">What is not as one might expect; may grow while it is made.</param>
internal sealed record BackendChoice(DeviceChoice Device, CreateBackend Create, List<string> Warnings)
{
    /// <summary>As the setting <c>Model:Kernels</c> names them.</summary>
    public string Kernels { get; init; } = "fused";

    /// <summary>How many devices of this processor share its memory and its threads.</summary>
    public int Sharers { get; init; } = 1;

    /// <summary>Bytes that it may use for everything; null without a limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>The process that a limit holds for, where weights may be kept as long as it leaves room; null where they are not.</summary>
    public ProcessAccount? Process { get; init; }

    /// <summary>Share of the free memory that the cache takes when no setting says so.</summary>
    public double CacheShare => Device.IsCuda ? 0.9 : 0.5;

    /// <summary>As <see cref="IBackend.BatchTokens"/> of what it makes.</summary>
    public int BatchTokens => UsesOwnCudaKernels ? CudaBackend.StepTokens : HostBackend.StepTokens;

    /// <summary>As <see cref="DeviceMemory.HoldsCodes"/> of what it makes.</summary>
    public bool HoldsCodes => !Device.IsCuda || UsesOwnCudaKernels;

    /// <summary>Whether what it makes multiplies with packed weights, and may: under a limit they may stream.</summary>
    /// <param name="dtype">Type that weights are multiplied in.</param>
    public bool TakesPackedWeights(ScalarType dtype) => !Device.IsCuda && Kernels == "fused" && MemoryLimit is null && SimdKernels.TakesPackedWeights(dtype);

    private bool UsesOwnCudaKernels => Device.IsCuda && Kernels == "fused";

    /// <summary>As <see cref="IBackend.ActivationDtype"/> of what it makes.</summary>
    /// <param name="dtype">Type that weights are multiplied in.</param>
    public ScalarType ActivationDtype(ScalarType dtype) => UsesOwnCudaKernels ? dtype : ScalarType.Float32;

    /// <summary>Decides for the first of the devices, without touching it.</summary>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static BackendChoice Of(ModelOptions options) => AllOf(options)[0];

    /// <summary>Decides for each of the devices that the setting lists, in its order.</summary>
    /// <param name="options">As loading gets them.</param>
    /// <param name="countCuda">Counts the CUDA devices; null looks for those that are here.</param>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static IReadOnlyList<BackendChoice> AllOf(ModelOptions options, Func<int>? countCuda = null)
    {
        if (options.Kernels is not ("fused" or "plain" or "scalar")) throw new ArgumentException($"Model:Kernels is '{options.Kernels}'; use fused or plain.");
        if (options.Kernels != "fused" && options.Deterministic) throw new ArgumentException("Model:Deterministic needs fused kernels; remove it, or set Model:Kernels=fused.");
        List<string> warnings = [];
        IReadOnlyList<DeviceChoice> devices = DeviceChoice.ResolveAll(options.Device, options.TensorParallel, countCuda ?? (options.Kernels == "plain" ? TorchDevices.CountCuda : () => CountUsable(options.Device, warnings)));
        int sharers = Math.Max(1, devices.Count(device => !device.IsCuda));
        long[]? limits = Llama.Model.Offload.MemoryLimit.Parse(options.MemoryLimit, devices.Count);
        ProcessAccount? process = limits is null ? null : new(limits.Where((_, i) => !devices[i].IsCuda).Sum(), sharers, ProcessMemory.ResidentBytes);
        return [.. devices.Select((device, i) => new BackendChoice(device, Creator(options.Kernels, device, sharers, warnings), warnings)
        {
            Kernels = options.Kernels,
            Sharers = sharers,
            MemoryLimit = limits?[i],
            Process = device.IsCuda ? null : process,
        })];
    }

    /// <summary>The device when layers are laid: under a limit it gives what that leaves, and what does not fit streams.</summary>
    /// <param name="free">Bytes that it could give.</param>
    /// <param name="options">As loading gets them.</param>
    public DeviceRoom Room(long free, ModelOptions options)
    {
        // The setting sizes the cache where no number of blocks is set.
        double share = options.BlockCount is null ? options.MemoryUtilization ?? CacheShare : CacheShare;
        return MemoryLimit is long limit
            ? new(Device.Name, Math.Clamp(limit - (Process is null ? 0 : Process.ResidentBytes() / Sharers), 0, free), share, Streams: true)
            : new(Device.Name, free, share);
    }

    /// <summary>Bytes that the device could give now.</summary>
    public long FreeBytes()
    {
        if (Device.CudaIndex is not int index) return new HostMemory(Sharers).FreeBytes();
        if (Kernels == "plain")
        {
            using TorchMemory memory = new(Device.Name);
            return memory.FreeBytes();
        }
        if (!CudaDevices.TryFind(out CudaDevices? devices, out string? reason)) throw new InvalidOperationException(reason);
        using CudaDriver driver = devices.Open(index);
        return driver.MemoryInfo().Free;
    }

    private static CreateBackend Creator(string kernels, DeviceChoice device, int sharers, List<string> warnings) => (kernels, device.CudaIndex) switch
    {
        ("plain", int) => (_, _) => HostBackend.PlainOn(device.Name),
        ("plain", null) => (_, _) => HostBackend.Plain(new HostMemory(sharers)),
        ("scalar", _) => (dtype, _) => HostBackend.Scalar(dtype, new HostMemory(sharers)),
        (_, int index) => (dtype, deterministic) => CudaBackend.Open(index, dtype, deterministic, warnings.Add),
        _ => (dtype, deterministic) => HostBackend.Fused(dtype, deterministic, new HostMemory(sharers)),
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
