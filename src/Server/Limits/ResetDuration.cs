using System.Globalization;

namespace Llama.Server.Limits;

/// <summary>Durations as OpenAI writes them in headers and messages: <c>120ms</c>, <c>1s</c>, <c>6m0s</c>, <c>1h0m0s</c>.</summary>
internal static class ResetDuration
{
    public static string Write(TimeSpan time)
    {
        long milliseconds = Math.Max(0, (long)Math.Ceiling(time.TotalMilliseconds));
        if (milliseconds < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        decimal seconds = milliseconds / 1000m;
        long minutes = (long)(seconds / 60), hours = minutes / 60;
        string rest = string.Create(CultureInfo.InvariantCulture, $"{seconds % 60:0.###}s");
        return minutes == 0 ? rest : hours == 0 ? string.Create(CultureInfo.InvariantCulture, $"{minutes}m{rest}") : string.Create(CultureInfo.InvariantCulture, $"{hours}h{minutes % 60}m{rest}");
    }
}
