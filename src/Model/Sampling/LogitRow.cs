using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llama.Model.Sampling;

/// <summary>Passes over one row of logits, eight at a time. Only operations that round alike on every machine are used: a draw must not depend on the processor.</summary>
internal static class LogitRow
{
    public const int Lanes = 8;

    /// <summary>The eight logits from <paramref name="index"/>, −∞ beyond the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ReadOnlySpan<float> logits, int index) =>
        index + Lanes <= logits.Length ? Vector256.Create(logits[index..]) : LoadPadded(logits, index);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<float> LoadPadded(ReadOnlySpan<float> logits, int index)
    {
        Span<float> padded = stackalloc float[Lanes];
        padded.Fill(float.NegativeInfinity);
        logits[index..].CopyTo(padded);
        return Vector256.Create((ReadOnlySpan<float>)padded);
    }

    /// <summary>The largest logit.</summary>
    /// <exception cref="SamplingException">When it is no finite number.</exception>
    public static float Max(ReadOnlySpan<float> logits)
    {
        Vector256<float> largest = Vector256.Create(float.NegativeInfinity), numbers = Vector256<float>.AllBitsSet;
        for (int i = 0; i < logits.Length; i += Lanes)
        {
            Vector256<float> values = Load(logits, i);
            largest = Vector256.MaxNative(largest, values);
            numbers &= Vector256.Equals(values, values); // a NaN equals nothing
        }
        float max = numbers.ExtractMostSignificantBits() == (1 << Lanes) - 1 ? Max(largest) : float.NaN;
        return float.IsFinite(max) ? max : throw SamplingException.Of(max);
    }

    /// <summary>The token of the largest logit, the lowest id among equals.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        Vector256<float> max = Vector256.Create(Max(logits));
        for (int i = 0; ; i += Lanes)
        {
            uint equal = Vector256.Equals(Load(logits, i), max).ExtractMostSignificantBits();
            if (equal != 0) return i + int.TrailingZeroCount((int)equal);
        }
    }

    private static float Max(Vector256<float> values)
    {
        float max = values[0];
        for (int lane = 1; lane < Lanes; lane++) max = MathF.Max(max, values[lane]);
        return max;
    }

    /// <summary>eˣ for x ≤ 0 with a relative error below 3.6e-7; 0 below −87, 1 at 0. Cephes' expf: x = n ln 2 + r, polynomial in r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> clamped = Vector256.Max(x, Vector256.Create(-87f));
        Vector256<float> n = Vector256.Floor(clamped * 1.44269504f + Vector256.Create(0.5f));
        Vector256<float> r = clamped - n * 0.693359375f + n * 2.12194440e-4f; // ln 2 in two parts: the first product is exact
        Vector256<float> y = Vector256.Create(1.9875691500e-4f);
        y = y * r + Vector256.Create(1.3981999507e-3f);
        y = y * r + Vector256.Create(8.3334519073e-3f);
        y = y * r + Vector256.Create(4.1665795894e-2f);
        y = y * r + Vector256.Create(1.6666665459e-1f);
        y = y * r + Vector256.Create(5.0000001201e-1f);
        y = y * r * r + r + Vector256<float>.One;
        Vector256<float> power = (Vector256.ConvertToInt32Native(n) + Vector256.Create(127) << 23).AsSingle();
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(-87f)), Vector256<float>.Zero, y * power);
    }
}
