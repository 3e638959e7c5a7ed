using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Torch;

/// <summary>The device a model runs on, and why.</summary>
/// <param name="Device">The torch device.</param>
/// <param name="Reason">How it was chosen, for the start-up lines.</param>
internal sealed record DeviceChoice(Device Device, string Reason)
{
    /// <summary>Whether it is a CUDA device.</summary>
    public bool IsCuda => Device.type == DeviceType.CUDA;

    /// <summary>Resolves the setting <c>Model:Device</c>.</summary>
    /// <exception cref="ArgumentException">An unknown spelling, or a device that is not there.</exception>
    public static DeviceChoice Resolve(string setting)
    {
        if (setting == "cpu") return new DeviceChoice(CPU, "as set");
        if (setting == "auto") return HasCuda() ? new DeviceChoice(device("cuda:0"), "auto: a CUDA device is there") : new DeviceChoice(CPU, "auto: no CUDA device");
        int index = 0;
        if (setting != "cuda" && !(setting.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new ArgumentException($"Model:Device is '{setting}'; use auto, cpu, cuda or cuda:N.");
        int count = HasCuda() ? cuda.device_count() : 0;
        if (index >= count)
            throw new ArgumentException($"Model:Device is '{setting}', but libtorch sees {count} CUDA devices. Use auto or cpu, or build with -p:TorchBackend=cuda on a host with a GPU.");
        return new DeviceChoice(device($"cuda:{index}"), "as set");
    }

    private static bool HasCuda() => cuda.is_available();
}
