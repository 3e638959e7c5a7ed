using System.Globalization;

namespace Llama.Model.Torch;

/// <summary>The device a model runs on, and why.</summary>
/// <param name="CudaIndex">Which CUDA device; null for the CPU.</param>
/// <param name="Reason">How it was chosen, for the start-up lines.</param>
internal sealed record DeviceChoice(int? CudaIndex, string Reason)
{
    /// <summary>Whether it is a CUDA device.</summary>
    public bool IsCuda => CudaIndex is not null;

    /// <summary>Its name, as settings and torch spell it.</summary>
    public string Name => CudaIndex is int index ? string.Create(CultureInfo.InvariantCulture, $"cuda:{index}") : "cpu";

    /// <summary>Resolves the setting <c>Model:Device</c>.</summary>
    /// <param name="setting">Its value.</param>
    /// <param name="countCuda">Counts the CUDA devices; asked only where that matters.</param>
    /// <exception cref="ArgumentException">An unknown spelling, or a device that is not there.</exception>
    public static DeviceChoice Resolve(string setting, Func<int> countCuda)
    {
        if (setting == "cpu") return new DeviceChoice(null, "as set");
        if (setting == "auto") return countCuda() > 0 ? new DeviceChoice(0, "auto: a CUDA device is there") : new DeviceChoice(null, "auto: no CUDA device");
        int index = 0;
        if (setting != "cuda" && !(setting.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new ArgumentException($"Model:Device is '{setting}'; use auto, cpu, cuda or cuda:N.");
        int count = countCuda();
        if (index >= count)
            throw new ArgumentException($"Model:Device is '{setting}', but {count} CUDA devices are seen. Use auto or cpu; the verb doctor says what is missing.");
        return new DeviceChoice(index, "as set");
    }
}
