using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Llama.Model.Quantization;

/// <summary>What least squares needs to know of a group's codes q beside its values w.</summary>
/// <param name="Codes">Σ q</param>
/// <param name="Squares">Σ q²</param>
/// <param name="Products">Σ w·q</param>
internal readonly record struct CodeSums(float Codes, float Squares, float Products)
{
    private const float Magic = 12582912; // 1.5 · 2²³: adding and taking it away rounds to nearest even

    /// <summary>The sums for q = w · slope + offset, rounded and held between two bounds.</summary>
    public static CodeSums Of(ReadOnlySpan<float> values, float slope, float offset, float lowest, float highest)
    {
        Vector<float> codes = Vector<float>.Zero, squares = codes, products = codes, slopes = new(slope), offsets = new(offset);
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (Vector<float> w in vectors)
        {
            Vector<float> q = Round(w * slopes + offsets, lowest, highest);
            codes += q;
            squares += q * q;
            products += w * q;
        }
        CodeSums sums = new(Vector.Sum(codes), Vector.Sum(squares), Vector.Sum(products));
        foreach (float w in values[(vectors.Length * Vector<float>.Count)..])
        {
            float q = Math.Clamp(MathF.Round(w * slope + offset), lowest, highest);
            sums = new(sums.Codes + q, sums.Squares + q * q, sums.Products + w * q);
        }
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Round(Vector<float> codes, float lowest, float highest)
    {
        Vector<float> held = Vector.Min(Vector.Max(codes, new Vector<float>(lowest)), new Vector<float>(highest));
        return held + new Vector<float>(Magic) - new Vector<float>(Magic);
    }
}
