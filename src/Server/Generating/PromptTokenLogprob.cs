namespace Llama.Server.Generating;

/// <summary>A token in a prompt's place, as vLLM words it: an entry of <c>prompt_logprobs</c>, under the token's id.</summary>
/// <param name="Logprob">Its log-probability there.</param>
/// <param name="Rank">Its place among all tokens, 1 for the most probable.</param>
/// <param name="DecodedToken">Its text.</param>
public sealed record PromptTokenLogprob(float Logprob, int Rank, string DecodedToken);
