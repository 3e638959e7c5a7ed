namespace Llama.Server.Bench.Local;

/// <summary>One run: all sequences, so many at once.</summary>
/// <param name="PromptTokens">Of all of them.</param>
/// <param name="NewTokens">Of all of them.</param>
/// <param name="Seconds">From the first submission to the last token.</param>
/// <param name="Steps">The model's.</param>
internal sealed record ThroughputRun(int PromptTokens, int NewTokens, double Seconds, StepTime[] Steps);
