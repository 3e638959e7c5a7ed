using System.Globalization;

namespace Llama.Model.Offload;

/// <summary>Amounts of memory as people write them: <c>8GiB</c>, <c>512 MiB</c>, <c>1.5GB</c>, plain bytes.</summary>
public static class MemorySize
{
    /// <summary>What is understood, for messages.</summary>
    public const string Spellings = "a size like 8GiB, 512MiB, 1.5GB or bytes";

    private static readonly (string Name, double Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ];

    /// <summary>Reads a size; upper and lower case alike.</summary>
    /// <param name="text">A number and a unit, or whole bytes.</param>
    /// <param name="bytes">1 or more.</param>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        string number = text.Trim();
        double unit = 1;
        foreach ((string name, double size) in Units)
        {
            if (!number.EndsWith(name, StringComparison.OrdinalIgnoreCase)) continue;
            (number, unit) = (number[..^name.Length].TrimEnd(), size);
            break;
        }
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)) return false;
        double total = count * unit;
        if (!(total >= 1 && total < long.MaxValue)) return false; // nor NaN
        bytes = (long)total;
        return true;
    }

    /// <summary>Whole mebibytes, rounded down.</summary>
    internal static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20:N0} MiB");
}
