namespace Llama.Model.Sampling;

/// <summary>Logits that no token can be drawn from. The message says why.</summary>
public sealed class SamplingException(string message) : Exception(message)
{
    /// <summary>For a row whose largest logit is no finite number.</summary>
    internal static SamplingException Of(float max) => new(max switch
    {
        float.NegativeInfinity => "Every token is banned: all logits are −∞ after biases, stop tokens held back by the minimum of tokens, and what else limits the choice.",
        float.PositiveInfinity => "A logit is +∞: the model's arithmetic overflowed.",
        _ => "A logit is NaN: the model's arithmetic failed (damaged weights, or overflow in a layer).",
    });
}
