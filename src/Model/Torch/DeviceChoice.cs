using System.Globalization;

namespace Llama.Model.Torch;

/// <summary>The device a model runs on, and why.</summary>
/// <param name="CudaIndex">Which CUDA device; null for the CPU.</param>
/// <param name="Reason">How it was chosen, for the start-up lines.</param>
internal sealed record DeviceChoice(int? CudaIndex, string Reason)
{
    /// <summary>Which of the logical devices of the processor; null for the CPU as one device, and for others.</summary>
    public int? CpuIndex { get; init; }

    /// <summary>Whether it is a CUDA device.</summary>
    public bool IsCuda => CudaIndex is not null;

    /// <summary>Its name, as settings and torch spell it.</summary>
    public string Name => CudaIndex is int cuda ? $"cuda:{cuda}" : CpuIndex is int cpu ? $"cpu:{cpu}" : "cpu";

    /// <summary>Resolves the setting <c>Model:Device</c>: one device, a list of different ones, or a kind of which as many are taken as share a layer.</summary>
    /// <param name="setting">Its value.</param>
    /// <param name="shardCount">Devices that share every layer.</param>
    /// <param name="countCuda">Counts the CUDA devices; asked only where that matters.</param>
    /// <exception cref="ArgumentException">An unknown spelling, a device that is not there, or one that is named twice.</exception>
    public static IReadOnlyList<DeviceChoice> ResolveAll(string setting, int shardCount, Func<int> countCuda)
    {
        string[] names = setting.Split(',', StringSplitOptions.TrimEntries);
        if (names.Length == 1 && (shardCount == 1 || setting is "auto" or "cpu" or "cuda")) return FirstOf(Resolve(setting, countCuda), shardCount, countCuda);
        if (names.Length % shardCount != 0)
            throw new ArgumentException($"Model:TensorParallel is {shardCount}, and Model:Device names {names.Length} device{(names.Length == 1 ? "" : "s")}; "
                + $"name {shardCount} or a multiple of it, each group of {shardCount} being a stage of the layers.");
        if (names.Contains("auto")) throw new ArgumentException($"Model:Device is '{setting}'; auto stands alone: name every device of a list, such as cuda:0,cuda:1.");
        DeviceChoice[] devices = [.. names.Select(name => Resolve(name == "cpu" ? "cpu:0" : name, countCuda))];
        if (devices.CountBy(device => device.Name).FirstOrDefault(named => named.Value > 1).Key is { } twice)
            throw new ArgumentException($"Model:Device is '{setting}', which names {twice} twice; name each device once.");
        return devices;
    }

    /// <summary>Resolves the name of one device, or <c>auto</c>.</summary>
    /// <exception cref="ArgumentException">An unknown spelling, or a device that is not there.</exception>
    public static DeviceChoice Resolve(string setting, Func<int> countCuda)
    {
        if (setting == "cpu") return new DeviceChoice(null, "as set");
        if (TryIndex(setting, "cpu:", out int cpu)) return new DeviceChoice(null, "as set") { CpuIndex = cpu };
        if (setting == "auto") return countCuda() > 0 ? new DeviceChoice(0, "auto: a CUDA device is there") : new DeviceChoice(null, "auto: no CUDA device");
        int index = 0;
        if (setting != "cuda" && !TryIndex(setting, "cuda:", out index))
            throw new ArgumentException($"Model:Device is '{setting}'; use auto, cpu, cuda, cuda:N, or a list of devices such as cuda:0,cuda:1 or cpu:0,cpu:1.");
        int count = countCuda();
        if (index >= count)
            throw new ArgumentException($"Model:Device is '{setting}', but {count} CUDA devices are seen. Use auto or cpu; the verb doctor says what is missing.");
        return new DeviceChoice(index, "as set");
    }

    private static DeviceChoice[] FirstOf(DeviceChoice first, int count, Func<int> countCuda)
    {
        if (count == 1) return [first];
        if (first.IsCuda && countCuda() is int there && there < count)
            throw new ArgumentException($"Model:TensorParallel is {count}, but {there} CUDA device{(there == 1 ? " is" : "s are")} seen; use {there}, or Model:Device=cpu.");
        return [.. Enumerable.Range(0, count).Select(index => first.IsCuda ? first with { CudaIndex = index } : first with { CpuIndex = index })];
    }

    /// <summary>Whether two names mean one device: <c>cuda</c> is <c>cuda:0</c>.</summary>
    public static bool IsSame(string one, string other) => Full(one) == Full(other);

    private static string Full(string name) => name.Contains(':') ? name : $"{name}:0";

    private static bool TryIndex(string setting, string prefix, out int index)
    {
        index = 0;
        return setting.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(setting.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }
}
