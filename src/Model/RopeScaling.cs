namespace Llama.Model;

/// <summary>
/// How the rotary frequencies are stretched beyond the context the model was first trained with. Names and meaning are those of Hugging Face's
/// <c>rope_scaling</c> (modeling_rope_utils.py); <see cref="RopeFrequencies"/> holds the arithmetic.
/// </summary>
public abstract record RopeScaling
{
    private RopeScaling() { }

    /// <summary>Positions divided by <paramref name="Factor"/>.</summary>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>Base enlarged for contexts beyond <paramref name="OriginalContextLength"/> (dynamic NTK).</summary>
    public sealed record Dynamic(double Factor, int OriginalContextLength) : RopeScaling;

    /// <summary>Long wavelengths divided by the factor, short ones kept, those between blended (Llama 3.1).</summary>
    public sealed record Llama3(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContextLength) : RopeScaling;

    /// <summary>Each frequency divided by a number of its own, [headDim / 2], whatever they were derived from (GGUF; Hugging Face's longrope with one set of factors).</summary>
    public sealed record Divided(IReadOnlyList<double> Divisors) : RopeScaling
    {
        // Not the compiler's equality: that would compare the lists by reference.
        /// <inheritdoc />
        public bool Equals(Divided? other) => other is not null && Divisors.SequenceEqual(other.Divisors);

        /// <inheritdoc />
        public override int GetHashCode() => HashCode.Combine(Divisors.Count, Divisors.FirstOrDefault());
    }

    /// <summary>YaRN (Peng et al. 2023, arXiv 2309.00071).</summary>
    public sealed record Yarn(double Factor, int OriginalContextLength) : RopeScaling
    {
        /// <summary>Dimensions that turn more often than this over the original context are left alone.</summary>
        public double BetaFast { get; init; } = 32;

        /// <summary>Dimensions that turn less often than this are divided by the factor in full.</summary>
        public double BetaSlow { get; init; } = 1;

        /// <summary>Multiplies cosine and sine; null derives it from the factor.</summary>
        public double? AttentionFactor { get; init; }

        /// <summary>Slope of the attention factor's numerator (DeepSeek); used only together with <see cref="MscaleAllDim"/>.</summary>
        public double? Mscale { get; init; }

        /// <summary>Slope of the attention factor's denominator.</summary>
        public double? MscaleAllDim { get; init; }

        /// <summary>Whether the blended range is widened to whole dimensions.</summary>
        public bool Truncate { get; init; } = true;
    }
}
