using System.Globalization;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Diagnosis;

/// <summary>The GPUs, and the libraries that the fused kernels need beside the driver. What is missing is a fault only where a GPU is asked for.</summary>
internal static class CudaExamination
{
    /// <param name="setting">As <see cref="ModelOptions.Device"/>.</param>
    public static IEnumerable<Finding> Findings(string setting) => Findings(setting, DriverApi.Files);

    /// <param name="setting">As <see cref="ModelOptions.Device"/>.</param>
    /// <param name="drivers">Where the driver may be; see <see cref="CudaDevices.TryFind(IReadOnlyList{string}, out CudaDevices, out string)"/>.</param>
    public static IEnumerable<Finding> Findings(string setting, IReadOnlyList<string> drivers)
    {
        bool isAsked = setting.Contains("cuda", StringComparison.Ordinal);
        if (!CudaDevices.TryFind(drivers, out CudaDevices? devices, out string? reason))
        {
            yield return isAsked ? Finding.Fault("devices", reason, "Mend the driver (nvidia-smi says the same), or set Model:Device=cpu.") : new Finding("devices", $"none: {reason}");
            yield break;
        }
        yield return new Finding("driver", $"made for CUDA {devices.DriverVersion}");
        foreach (CudaDevice device in devices) yield return Describe(device);
        if (!isAsked && setting != "auto") yield break;
        yield return Nvrtc(devices.DriverVersion, isAsked);
        yield return Cublas(devices.DriverVersion);
        if (devices.Count > 1) yield return Nccl(devices.DriverVersion);
    }

    private static Finding Nvrtc(Version driver, bool isAsked)
    {
        if (CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, driver, out CudaLibrary? library, out string? reason)) return new Finding("NVRTC", $"{library}");
        return isAsked
            ? Finding.Fault("NVRTC", reason, "Without it no kernel can be compiled; or set Model:Device=cpu.")
            : Finding.Warning("NVRTC", reason, "Without it no kernel can be compiled, and the processor is used.");
    }

    private static Finding Cublas(Version driver) => CudaLibraries.TryFind(ToolkitLibrary.Cublas, driver, out CudaLibrary? library, out string? reason)
        ? new Finding("cuBLAS", $"{library}")
        : Finding.Warning("cuBLAS", reason, "Without it large products are slower.");

    private static Finding Nccl(Version driver) => CudaLibraries.TryFind(ToolkitLibrary.Nccl, driver, out CudaLibrary? library, out string? reason)
        ? new Finding("NCCL", $"{library}")
        : new Finding("NCCL", $"none, so with Model:TensorParallel sums go over host memory, slowly: {reason}");

    private static Finding Describe(CudaDevice device)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{device.Name}, compute capability {device.Major}.{device.Minor}, {device.MultiprocessorCount} multiprocessors, {device.MemoryBytes / (double)(1L << 30):N1} GiB");
        string name = $"cuda:{device.Index}";
        return device.Refusal is null ? new Finding(name, text) : Finding.Warning(name, text, $"The fused kernels need compute capability {CudaDevice.LeastMajor}.0: choose another device.");
    }
}
