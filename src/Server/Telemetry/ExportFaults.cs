using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Llama.Server.Telemetry;

/// <summary>
/// Says in the log that spans or metrics do not reach the collector, which the exporter tells only those who listen to its event source. Each kind of fault is said once, and again when it
/// still goes on ten minutes later. Safe for concurrent use.
/// </summary>
internal sealed partial class ExportFaults(TimeProvider clock, ILogger<ExportFaults> logger) : EventListener, IHostedService
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const int MostText = 200; // of a cause; a collector may answer with a page

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<int, long> _said = new(); // timestamp by event

    /// <summary>It listens from when it is made.</summary>
    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter)
            EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        long now = clock.GetTimestamp();
        if (_said.TryGetValue(eventData.EventId, out long said) && clock.GetElapsedTime(said, now) < Silence)
            return;
        _said[eventData.EventId] = now;
        Log.Failed(logger, string.Format(CultureInfo.InvariantCulture, eventData.Message ?? "", [.. (eventData.Payload ?? []).Select(FirstLine)]));
    }

    private static string FirstLine(object? cause)
    {
        string line = $"{cause}".Split('\n')[0].Trim();
        return line.Length <= MostText ? line : line[..MostText] + "…";
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Spans or metrics may not get through, their exporter says: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
