namespace Llama.Server.Bench.Local;

/// <summary>One step of the model.</summary>
/// <param name="TokenCount">Tokens computed.</param>
/// <param name="SampleCount">Tokens drawn.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="HostMilliseconds">How long, from the end of the step before, the engine's thread did anything but wait for a device.</param>
/// <param name="Streamed">What came of weights that stream, from the end of the step before.</param>
internal readonly record struct StepTime(int TokenCount, int SampleCount, double Milliseconds, double HostMilliseconds, Streamed Streamed);
