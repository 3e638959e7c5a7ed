namespace Llama.Model.Sampling;

/// <summary>One drawn token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability; 0 when none was asked for.</param>
/// <param name="Top">The most probable alternatives, best first; null when none were asked for.</param>
/// <param name="Fault">Why nothing could be drawn from this row (a logit that is no number, every token banned): its sequence fails, the others of the step go on.</param>
public readonly record struct SampledToken(int TokenId, float Logprob, TokenLogprob[]? Top, Exception? Fault = null);
