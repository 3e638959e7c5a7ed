using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>What <c>bench throughput</c> is to measure.</summary>
/// <param name="Sequences">How many are generated in each run.</param>
/// <param name="PromptTokens">Length of their prompts, a number or a range.</param>
/// <param name="NewTokens">Tokens that each generates, a number or a range.</param>
/// <param name="Concurrency">How many are in the engine at once, measured in turn.</param>
/// <param name="WarmUp">Runs before the counted ones, at least; see <see cref="Measuring.RunNumbers"/>.</param>
/// <param name="Runs">Counted runs.</param>
/// <param name="Seed">Chooses lengths and prompts.</param>
/// <param name="ServerSettings">Of the server, as given.</param>
internal sealed record ThroughputPlan(int Sequences, NumberRange PromptTokens, NumberRange NewTokens, int[] Concurrency, int WarmUp, int Runs, int Seed, string[] ServerSettings);
