namespace Llama.Server.Bench.Local;

/// <summary>What <c>bench latency</c> is to measure.</summary>
/// <param name="PromptTokens">Lengths of prompts, measured in turn.</param>
/// <param name="NewTokens">Tokens to generate, at least 2.</param>
/// <param name="Batch">Prompts submitted together.</param>
/// <param name="SeenPrefix">Tokens of a prefix to measure unseen and seen; 0 for none.</param>
/// <param name="WarmUp">Runs before the counted ones, at least; see <see cref="Measuring.RunNumbers"/>.</param>
/// <param name="Runs">Counted runs.</param>
/// <param name="Seed">Chooses the prompts.</param>
/// <param name="ServerSettings">Of the server, as given.</param>
internal sealed record LatencyPlan(int[] PromptTokens, int NewTokens, int Batch, int SeenPrefix, int WarmUp, int Runs, int Seed, string[] ServerSettings);
