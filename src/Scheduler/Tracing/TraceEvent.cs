namespace Llama.Scheduling.Tracing;

/// <summary>
/// What one request asked of the scheduler: times and lengths, and which of its blocks equal whose, but no token. The shape follows the request traces of
/// Mooncake (Qin et al. 2024), whose block ids let a replay hit the prefix cache where the original did.
/// </summary>
/// <param name="Id">Number of the request; among equal arrivals the smaller came first.</param>
/// <param name="Arrival">Seconds after the trace's start.</param>
/// <param name="PromptLength">In tokens.</param>
/// <param name="OutputLength">Tokens generated.</param>
/// <param name="MaxTokens">Tokens asked for.</param>
/// <param name="Priority">As in the request.</param>
/// <param name="ShareKey">As in the request.</param>
/// <param name="Blocks">One id per full block of prompt and output: equal ids hold equal tokens after equal tokens.</param>
/// <param name="Group">Number of the first of the requests that were submitted together to share a prompt; its own for one alone, and in traces that know no groups 0.</param>
public sealed record TraceEvent(
    long Id, double Arrival, int PromptLength, int OutputLength, int MaxTokens, int Priority, int ShareKey, int[] Blocks, long Group = 0);
