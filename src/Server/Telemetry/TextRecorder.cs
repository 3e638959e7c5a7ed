using System.Diagnostics;
using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Telemetry;

/// <summary>
/// Writes the text of prompts and answers to where <c>Server:RecordText</c> has asked for it, and nowhere else: spans get it in the attributes of OpenTelemetry's conventions, the log at Trace in a category
/// of its own.
/// </summary>
internal sealed partial class TextRecorder(IOptions<ServerSettings> settings, ILoggerFactory loggers)
{
    /// <summary>Of the log.</summary>
    public const string Category = "Llama.Server.Text";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    /// <summary>Whether the log is to have it.</summary>
    public static bool IsForLog(string? setting) => setting?.ToLowerInvariant() is "log" or "both";

    /// <summary>Whether spans are to have it.</summary>
    public static bool IsForTraces(string? setting) => setting is "traces" or "both";

    /// <summary>Writes what a request that is over was about.</summary>
    /// <param name="call">The request; nothing is written of one that was refused.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="span">Its span; null where nobody listens.</param>
    public void Record(ModelCall call, string requestId, Activity? span)
    {
        bool isForSpan = IsForTraces(settings.Value.RecordText) && span is { IsAllDataRequested: true };
        bool isForLog = IsForLog(settings.Value.RecordText) && _logger.IsEnabled(LogLevel.Trace);
        if ((!isForSpan && !isForLog) || call is not { Parameters: { } asked, Answers: { } answers })
            return;
        string input = Transcript.OfInput(asked, answers), output = Transcript.OfOutput(answers);
        if (isForSpan)
            span!.SetTag("gen_ai.input.messages", input).SetTag("gen_ai.output.messages", output);
        if (isForLog)
            Log.Exchanged(_logger, requestId, input, output);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Trace, "{RequestId} asked {Input} and was answered {Output}")]
        public static partial void Exchanged(ILogger logger, string requestId, string input, string output);
    }
}
