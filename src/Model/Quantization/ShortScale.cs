namespace Llama.Model.Quantization;

/// <summary>Rounds the scales of a row to 11 significant bits, and to what a float16 holds of those that are small beside the row's largest value.</summary>
/// <param name="Quantum">What scales below 1,024 times of it are multiples of; 0 where even the smallest keep all their bits.</param>
internal readonly record struct ShortScale(float Quantum)
{
    private const int DroppedBits = 13, QuantaBits = 10; // of the 23 bits behind the first; of a float16 behind its first
    private const float LeastSize = 1 / 256f, HalfQuantum = 1f / (1 << 24); // the smallest float16 above 0

    /// <summary>That of a row. In one of tiny values a float16 would hold none of them well, and scales keep their bits.</summary>
    /// <param name="size">Of its largest value.</param>
    /// <param name="unit">That its scales are relative to.</param>
    public static ShortScale Of(float size, float unit) => new(size < LeastSize ? 0 : HalfQuantum / unit);

    /// <summary>The nearest such scale.</summary>
    public float Round(float scale)
    {
        if (MathF.Abs(scale) < Quantum * (1 << QuantaBits)) return MathF.Round(scale / Quantum) * Quantum;
        int bits = BitConverter.SingleToInt32Bits(scale), toEven = (1 << (DroppedBits - 1)) - 1 + (bits >> DroppedBits & 1);
        return BitConverter.Int32BitsToSingle((bits + toEven) >> DroppedBits << DroppedBits);
    }
}
