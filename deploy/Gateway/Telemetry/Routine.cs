namespace Llama.Gateway.Telemetry;

/// <summary>Marks a route that machines ask every few seconds: logged only at Debug.</summary>
internal sealed record Routine;
