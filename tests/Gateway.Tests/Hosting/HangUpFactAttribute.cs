using System.Globalization;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>A test that sends SIGHUP to a process of its own; skipped where that would not hear it, because whoever started the tests has it ignored (nohup), which is handed on.</summary>
internal sealed class HangUpFactAttribute : FactAttribute
{
    private const string Status = "/proc/self/status", Ignored = "SigIgn:";

    public HangUpFactAttribute()
    {
        if (IsIgnored())
            Skip = "SIGHUP is ignored here, as by nohup.";
    }

    private static bool IsIgnored() => File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } signals
        && (ulong.Parse(signals.AsSpan(Ignored.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
}
