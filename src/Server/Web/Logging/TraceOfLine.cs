using System.Diagnostics;
using Serilog.Core;
using Serilog.Events;

namespace Llama.Server.Web.Logging;

/// <summary>Adds to a line for people the trace that it belongs to, where there is one to look up: of a caller who has begun it, or of spans that are recorded.</summary>
internal sealed class TraceOfLine : ILogEventEnricher
{
    /// <summary>Stands behind the message; nothing where there is no such trace.</summary>
    public const string Property = "Trace";

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (IsKnown(Activity.Current))
            logEvent.AddPropertyIfAbsent(propertyFactory.CreateProperty(Property, $", trace {Activity.Current!.TraceId}"));
    }

    private static bool IsKnown(Activity? activity) =>
        activity is not null && (activity.Recorded || (activity.Parent is { } parent ? IsKnown(parent) : activity.ParentId is not null)); // a parent that is none of this process is the caller's
}
