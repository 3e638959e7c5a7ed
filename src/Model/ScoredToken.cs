using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>One known token as the model sees it after those before it.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability.</param>
/// <param name="Rank">Its place among all tokens: 1 and as many as are more probable.</param>
/// <param name="Top">The most probable alternatives, best first.</param>
/// <param name="Fault">Why it could not be scored (a logit that is no number): the sequences of its prompt fail.</param>
public readonly record struct ScoredToken(int TokenId, float Logprob, int Rank, TokenLogprob[] Top, Exception? Fault = null);
