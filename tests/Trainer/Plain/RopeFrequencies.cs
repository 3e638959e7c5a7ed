namespace Llama.Trainer.Plain;

/// <summary>Radians per position of each pair of dimensions, as Hugging Face's modeling_rope_utils scales them for long contexts.</summary>
internal static class RopeFrequencies
{
    public static double[] Of(PlainConfig config, int length) => config.RopeScaling switch
    {
        null => Plain(config, config.RopeTheta),
        { Type: "linear", Factor: double factor } => [.. Plain(config, config.RopeTheta).Select(frequency => frequency / factor)],
        { Type: "dynamic", Factor: double factor } => Plain(config, DynamicTheta(config, factor, length)),
        { Type: "llama3" } scaling => [.. Plain(config, config.RopeTheta).Select(frequency => Llama3(frequency, scaling, config))],
        { Type: "yarn" } scaling => Yarn(config, scaling),
        { Type: string type } => throw new NotSupportedException($"rope_scaling of type '{type}' is not known."),
    };

    /// <summary>What cosines and sines are multiplied by: YaRN's temperature (Peng et al. 2023, eq. 22), 1 for the others.</summary>
    public static double AttentionFactor(PlainConfig config)
    {
        if (config.RopeScaling is not { Type: "yarn" } scaling) return 1;
        if (scaling.AttentionFactor is { } given) return given;
        return scaling is { Mscale: > 0 and var mscale, MscaleAllDim: > 0 and var all }
            ? Temperature(scaling.Factor, mscale) / Temperature(scaling.Factor, all)
            : Temperature(scaling.Factor, 1);
    }

    private static double Temperature(double factor, double mscale) => factor <= 1 ? 1 : 0.1 * mscale * Math.Log(factor) + 1;

    private static double[] Plain(PlainConfig config, double theta) =>
        [.. Enumerable.Range(0, config.HeadDim / 2).Select(i => Math.Pow(theta, -2.0 * i / config.HeadDim))];

    // NTK-aware: theta grows with the sequence once it is longer than the model was trained for.
    private static double DynamicTheta(PlainConfig config, double factor, int length)
    {
        double original = config.RopeScaling!.OriginalMaxPosition ?? config.MaxPosition;
        double ratio = Math.Max(length, original) / original;
        return config.RopeTheta * Math.Pow(factor * ratio - (factor - 1), config.HeadDim / (config.HeadDim - 2.0));
    }

    // Llama 3.1: long waves are stretched by the factor, short ones kept, those between blended.
    private static double Llama3(double frequency, RopeScaling scaling, PlainConfig config)
    {
        double turns = (scaling.OriginalMaxPosition ?? config.MaxPosition) * frequency / (2 * Math.PI);
        double kept = Math.Clamp((turns - scaling.LowFreqFactor) / (scaling.HighFreqFactor - scaling.LowFreqFactor), 0, 1);
        return (1 - kept) * frequency / scaling.Factor + kept * frequency;
    }

    // YaRN (Peng et al. 2023): as llama3, but the blend is linear in the pair's index.
    private static double[] Yarn(PlainConfig config, RopeScaling scaling)
    {
        double low = PairThatTurns(scaling.BetaFast, config, scaling), high = PairThatTurns(scaling.BetaSlow, config, scaling);
        if (scaling.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, config.HeadDim - 1));
        if (low == high) high += 0.001;
        return [.. Plain(config, config.RopeTheta).Select((frequency, i) => Blend(frequency, Math.Clamp((i - low) / (high - low), 0, 1)))];
        double Blend(double frequency, double stretched) => frequency / scaling.Factor * stretched + frequency * (1 - stretched);
    }

    // The (fractional) pair that makes so many turns within the original context.
    private static double PairThatTurns(double turns, PlainConfig config, RopeScaling scaling) =>
        config.HeadDim * Math.Log((scaling.OriginalMaxPosition ?? config.MaxPosition) / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
}
