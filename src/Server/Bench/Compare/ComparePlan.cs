namespace Llama.Server.Bench.Compare;

/// <summary>What <c>bench latency --compare</c> is to measure.</summary>
/// <param name="Modes">In the order of the table.</param>
/// <param name="Prompt">A question to ask; null for random tokens.</param>
/// <param name="PromptTokens">How many of those.</param>
/// <param name="NewTokens">Tokens to generate, at least 2.</param>
/// <param name="WarmUp">Runs of each process before the counted ones, at least; see <see cref="Measuring.RunNumbers"/>.</param>
/// <param name="Runs">Counted runs of each mode.</param>
/// <param name="Rounds">Processes of each mode, that its runs are shared out to.</param>
/// <param name="Seed">Chooses the random tokens.</param>
/// <param name="ServerSettings">Of the server, as given.</param>
internal sealed record ComparePlan(string[] Modes, string? Prompt, int PromptTokens, int NewTokens, int WarmUp, int Runs, int Rounds, int Seed, string[] ServerSettings);
