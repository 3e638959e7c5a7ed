namespace Llama.Server.Bench.Local;

/// <summary>One step of the model.</summary>
/// <param name="TokenCount">Tokens computed.</param>
/// <param name="SampleCount">Tokens drawn.</param>
/// <param name="Milliseconds">How long it took.</param>
internal readonly record struct StepTime(int TokenCount, int SampleCount, double Milliseconds);
