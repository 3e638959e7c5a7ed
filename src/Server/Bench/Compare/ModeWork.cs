namespace Llama.Server.Bench.Compare;

/// <summary>What a mode's process is to do, one line of JSON on its standard input.</summary>
/// <param name="PromptIds">The prompt.</param>
/// <param name="NewTokens">Tokens to generate, at least 2.</param>
/// <param name="WarmUp">Runs before the counted ones, at least; see <see cref="Measuring.RunNumbers"/>.</param>
/// <param name="Runs">Counted runs.</param>
/// <param name="ResidentShare">As <see cref="ComparedMode.ResidentShare"/>.</param>
/// <param name="ScoredIds">A continuation to tell the log-probabilities of; null for the one that it generates.</param>
internal sealed record ModeWork(int[] PromptIds, int NewTokens, int WarmUp, int Runs, double ResidentShare, int[]? ScoredIds);
