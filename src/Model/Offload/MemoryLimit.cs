namespace Llama.Model.Offload;

/// <summary>What the setting <c>Model:MemoryLimit</c> says: one size for every device, or one for each of the list in <c>Model:Device</c>.</summary>
public static class MemoryLimit
{
    /// <summary>Bytes that each device may take; null where nothing is set.</summary>
    /// <param name="setting">As <see cref="ModelOptions.MemoryLimit"/>.</param>
    /// <param name="deviceCount">Number of devices.</param>
    /// <exception cref="ArgumentException">What is set is no size, or there are not as many as devices; with the remedy.</exception>
    public static long[]? Parse(string? setting, int deviceCount)
    {
        if (string.IsNullOrWhiteSpace(setting)) return null;
        string[] texts = setting.Split(',');
        if (texts.Length != 1 && texts.Length != deviceCount)
            throw new ArgumentException($"Model:MemoryLimit has {texts.Length} sizes for {deviceCount} device{(deviceCount == 1 ? "" : "s")} of Model:Device; give one for all, or one for each.");
        long[] limits = [.. texts.Select(text => MemorySize.TryParse(text, out long bytes)
            ? bytes
            : throw new ArgumentException($"Model:MemoryLimit is '{setting}'; use {MemorySize.Spellings}."))];
        return limits.Length == deviceCount ? limits : [.. Enumerable.Repeat(limits[0], deviceCount)];
    }

    /// <summary>Why a setting cannot be read; null when it can. How many devices there are is not known yet.</summary>
    public static string? Fault(string? setting) =>
        string.IsNullOrWhiteSpace(setting) || setting.Split(',').All(text => MemorySize.TryParse(text, out _)) ? null : $"Model:MemoryLimit is '{setting}'; use {MemorySize.Spellings}.";
}
