using System.Globalization;

namespace Llama.Model.Offload;

/// <summary>What the setting <c>Model:MemoryLimit</c> says: one size for every device, or one for each of the list in <c>Model:Device</c>.</summary>
public static class MemoryLimit
{
    private const long Least = 1 << 20; // bytes: below it a unit was forgotten

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
        if (Fault(setting) is { } fault) throw new ArgumentException(fault);
        long[] limits = [.. texts.Select(text => MemorySize.TryParse(text, out long bytes) ? bytes : 0)];
        return limits.Length == deviceCount ? limits : [.. Enumerable.Repeat(limits[0], deviceCount)];
    }

    /// <summary>Why a setting cannot be meant; null when it can. How many devices there are is not known yet.</summary>
    public static string? Fault(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting)) return null;
        foreach (string text in setting.Split(','))
        {
            if (!MemorySize.TryParse(text, out long bytes)) return $"Model:MemoryLimit is '{setting}'; use {MemorySize.Spellings}.";
            if (bytes < Least) return string.Create(CultureInfo.InvariantCulture, $"Model:MemoryLimit is '{setting}': {text.Trim()} is {bytes:N0} bytes, in which no model runs; write the unit, as in 8GiB.");
        }
        return null;
    }
}
