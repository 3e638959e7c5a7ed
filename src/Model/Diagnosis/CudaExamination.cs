using System.Globalization;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Diagnosis;

/// <summary>The GPUs, and the libraries that the fused kernels need beside the driver. What is missing is a fault only where a GPU is asked for.</summary>
internal static class CudaExamination
{
    /// <param name="setting">As <see cref="ModelOptions.Device"/>.</param>
    public static IEnumerable<Finding> Findings(string setting)
    {
        bool isAsked = setting.StartsWith("cuda", StringComparison.Ordinal);
        if (!CudaDevices.TryFind(out CudaDevices? devices, out string? reason))
        {
            yield return isAsked ? Finding.Fault("devices", reason, "Mend the driver (nvidia-smi says the same), or set Model:Device=cpu.") : new Finding("devices", $"none: {reason}");
            yield break;
        }
        yield return new Finding("driver", $"made for CUDA {devices.DriverVersion}");
        foreach (CudaDevice device in devices) yield return Describe(device);
        if (setting == "cpu") yield break;
        if (CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, devices.DriverVersion, out CudaLibrary? nvrtc, out string? noNvrtc)) yield return new Finding("NVRTC", $"{nvrtc}");
        else yield return Finding.Fault("NVRTC", noNvrtc, "Without it no kernel can be compiled; or set Model:Device=cpu.");
        if (CudaLibraries.TryFind(ToolkitLibrary.Cublas, devices.DriverVersion, out CudaLibrary? cublas, out string? noCublas)) yield return new Finding("cuBLAS", $"{cublas}");
        else yield return Finding.Warning("cuBLAS", noCublas, "Without it large products are slower.");
        if (devices.Count == 1) yield break;
        if (CudaLibraries.TryFind(ToolkitLibrary.Nccl, devices.DriverVersion, out CudaLibrary? nccl, out string? noNccl)) yield return new Finding("NCCL", $"{nccl}");
        else yield return new Finding("NCCL", $"none, so with Model:TensorParallel sums go over host memory, slowly: {noNccl}");
    }

    private static Finding Describe(CudaDevice device)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{device.Name}, compute capability {device.Major}.{device.Minor}, {device.MultiprocessorCount} multiprocessors, {device.MemoryBytes / (double)(1L << 30):N1} GiB");
        string name = $"cuda:{device.Index}";
        return device.Refusal is null ? new Finding(name, text) : Finding.Warning(name, text, $"The fused kernels need compute capability {CudaDevice.LeastMajor}.0: choose another device.");
    }
}
