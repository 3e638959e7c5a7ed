using System.Globalization;

namespace Llama.Server.Bench.Measuring;

/// <summary>How figures are written for people: as many digits as mean something.</summary>
internal static class Figures
{
    public const string None = "–";

    public static string Show(double? value) => value switch
    {
        null => None,
        { } v when double.IsNaN(v) => None,
        { } v when Math.Abs(v) >= 100 => v.ToString("N0", CultureInfo.InvariantCulture),
        { } v when Math.Abs(v) >= 10 => v.ToString("N1", CultureInfo.InvariantCulture),
        { } v when Math.Abs(v) >= 1 || v == 0 => v.ToString("N2", CultureInfo.InvariantCulture),
        { } v => v.ToString("N3", CultureInfo.InvariantCulture),
    };

    public static string Bytes(long bytes) => bytes >= 1 << 30 ? $"{Show(bytes / (double)(1 << 30))} GiB" : $"{Show(bytes / (double)(1 << 20))} MiB";
}
