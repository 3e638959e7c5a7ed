namespace Llama.Model;

/// <summary>Inverse rotary frequencies and the factor on cosine and sine, as Hugging Face's modeling_rope_utils.py has them.</summary>
/// <param name="Inverse">[headDim / 2] radians per position.</param>
/// <param name="AttentionFactor">Multiplies cosine and sine; 1 except under YaRN.</param>
public sealed record RopeFrequencies(float[] Inverse, float AttentionFactor)
{
    /// <summary>Computes the frequencies of a configuration. Double arithmetic, rounded once at the end.</summary>
    /// <param name="config">The model.</param>
    /// <param name="contextLength">Longest sequence that will be served; null takes the configuration's.</param>
    public static RopeFrequencies Compute(LlamaConfig config, int? contextLength = null)
    {
        double[] plain = Plain(config.RopeTheta, config.HeadDim);
        double[] inverse = config.RopeScaling switch
        {
            null => plain,
            RopeScaling.Linear linear => Array.ConvertAll(plain, f => f / linear.Factor),
            RopeScaling.Dynamic dynamic => Plain(DynamicBase(config, dynamic, contextLength ?? config.ContextLength), config.HeadDim),
            RopeScaling.Llama3 llama3 => Array.ConvertAll(plain, f => Llama3(f, llama3)),
            RopeScaling.Divided divided => [.. plain.Zip(divided.Divisors, (f, divisor) => f / divisor)],
            RopeScaling.Yarn yarn => Yarn(plain, config.RopeTheta, yarn),
            var unknown => throw new NotSupportedException(unknown.GetType().Name),
        };
        float attentionFactor = config.RopeScaling is RopeScaling.Yarn y ? (float)AttentionFactorOf(y) : 1f;
        return new RopeFrequencies(Array.ConvertAll(inverse, f => (float)f), attentionFactor);
    }

    private static double[] Plain(double theta, int headDim)
    {
        double[] inverse = new double[headDim / 2];
        for (int i = 0; i < inverse.Length; i++) inverse[i] = 1 / Math.Pow(theta, 2.0 * i / headDim);
        return inverse;
    }

    // Hugging Face recomputes the base as the sequence grows, which contradicts keys already rotated and cached (and lets one sequence change the others of
    // its batch). A server with a cache needs one set: that of the longest context it serves. Up to the original context nothing changes either way.
    private static double DynamicBase(LlamaConfig config, RopeScaling.Dynamic scaling, int contextLength)
    {
        double original = scaling.OriginalContextLength, length = Math.Max(contextLength, original);
        double stretch = scaling.Factor * length / original - (scaling.Factor - 1);
        return config.RopeTheta * Math.Pow(stretch, (double)config.HeadDim / (config.HeadDim - 2));
    }

    private static double Llama3(double frequency, RopeScaling.Llama3 scaling)
    {
        double turns = scaling.OriginalContextLength * frequency / (2 * Math.PI);
        if (turns < scaling.LowFrequencyFactor) return frequency / scaling.Factor;
        if (turns > scaling.HighFrequencyFactor) return frequency;
        double kept = (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - kept) * frequency / scaling.Factor + kept * frequency;
    }

    private static double[] Yarn(double[] plain, double theta, RopeScaling.Yarn scaling)
    {
        int headDim = 2 * plain.Length;
        double low = DimensionOf(scaling.BetaFast), high = DimensionOf(scaling.BetaSlow);
        if (scaling.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, headDim - 1));
        if (low == high) high += 0.001; // as Hugging Face: no division by zero
        double[] inverse = new double[plain.Length];
        for (int i = 0; i < inverse.Length; i++)
        {
            double interpolated = Math.Clamp((i - low) / (high - low), 0, 1);
            inverse[i] = plain[i] / scaling.Factor * interpolated + plain[i] * (1 - interpolated);
        }
        return inverse;

        // The dimension pair that turns this often over the original context (YaRN, section 3.2).
        double DimensionOf(double turns) =>
            headDim * Math.Log(scaling.OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>What multiplies cosine and sine under YaRN.</summary>
    internal static double AttentionFactorOf(RopeScaling.Yarn scaling)
    {
        if (scaling.AttentionFactor is double given) return given;
        bool ratio = scaling is { Mscale: not null, MscaleAllDim: not null };
        return ratio ? Mscale(scaling.Mscale!.Value) / Mscale(scaling.MscaleAllDim!.Value) : Mscale(1);

        double Mscale(double slope) => scaling.Factor <= 1 ? 1 : 0.1 * slope * Math.Log(scaling.Factor) + 1;
    }
}
