namespace Llama.Scheduling.Tracing;

/// <summary>The line of a trace that an engine's start writes.</summary>
/// <param name="Start">When that was: arrivals behind it count from there.</param>
internal sealed record TraceStart(DateTimeOffset Start);
