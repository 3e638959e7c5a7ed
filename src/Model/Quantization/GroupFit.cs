using System.Numerics;

namespace Llama.Model.Quantization;

/// <summary>What the codes of a group stand for: w ≈ scale · code − minimum.</summary>
/// <param name="Scale">May be negative; 0 when all values of the group are equal.</param>
/// <param name="Minimum">In a symmetric weight the scale times the middle code.</param>
internal readonly record struct GroupFit(float Scale, float Minimum)
{
    /// <summary>The nearest codes, one to a byte.</summary>
    public void Encode(ReadOnlySpan<float> values, QuantizationType type, Span<byte> codes)
    {
        float slope = Scale == 0 ? 0 : 1 / Scale, offset = Scale == 0 ? type.ZeroPoint : Minimum / Scale;
        int i = 0, width = Vector<float>.Count, highest = type.CodeCount - 1;
        for (; i + Vector<byte>.Count <= values.Length; i += Vector<byte>.Count)
        {
            ReadOnlySpan<float> from = values[i..];
            Vector<ushort> lower = Vector.Narrow(Codes(from, slope, offset, highest), Codes(from[width..], slope, offset, highest));
            Vector<ushort> upper = Vector.Narrow(Codes(from[(2 * width)..], slope, offset, highest), Codes(from[(3 * width)..], slope, offset, highest));
            Vector.Narrow(lower, upper).CopyTo(codes[i..]);
        }
        for (; i < values.Length; i++) codes[i] = (byte)Math.Clamp(MathF.Round(values[i] * slope + offset), 0, highest);
    }

    private static Vector<uint> Codes(ReadOnlySpan<float> values, float slope, float offset, int highest)
    {
        Vector<float> codes = CodeSums.Round(new Vector<float>(values) * slope + new Vector<float>(offset), 0, highest);
        return Vector.AsVectorUInt32(Vector.ConvertToInt32(codes));
    }
}
