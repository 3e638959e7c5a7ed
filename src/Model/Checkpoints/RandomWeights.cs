using System.Numerics;
using System.Runtime.InteropServices;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Random numbers of roughly normal distribution, quickly: the sum of the four bytes of a hash of the element's index. Any run of elements can be made alone,
/// on any thread and with any vector width, and comes out the same.
/// </summary>
internal static class RandomWeights
{
    // A byte has variance (256² − 1) / 12; four of them sum to a mean of 510.
    private const float SumMean = 510;
    private static readonly float SumDeviation = MathF.Sqrt(4 * (256f * 256 - 1) / 12);

    /// <summary>Fills with mean + deviation · z, where z depends on key and index only.</summary>
    /// <param name="values">Elements <paramref name="first"/> and following.</param>
    /// <param name="first">Index of the first element.</param>
    /// <param name="key">Names the sequence.</param>
    /// <param name="mean">Of the distribution.</param>
    /// <param name="deviation">Of the distribution.</param>
    public static void Fill(Span<float> values, uint first, uint key, float mean, float deviation)
    {
        float scale = deviation / SumDeviation, offset = mean - SumMean * scale;
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<uint> counter = Vector<uint>.Indices + new Vector<uint>(first);
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Vector.ConvertToSingle(Vector.AsVectorInt32(ByteSum(counter, key))) * scale + new Vector<float>(offset);
            counter += new Vector<uint>((uint)Vector<uint>.Count);
        }
        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
            values[i] = ByteSum(new Vector<uint>(first + (uint)i), key)[0] * scale + offset;
    }

    // lowbias32 (https://nullprogram.com/blog/2018/07/31/), the key folded in before and between.
    private static Vector<uint> ByteSum(Vector<uint> index, uint key)
    {
        Vector<uint> x = index ^ new Vector<uint>(key);
        x = (x ^ x >>> 16) * 0x7feb352d;
        x = (x ^ x >>> 15) * 0x846ca68b + new Vector<uint>(key);
        x ^= x >>> 16;
        Vector<uint> pairs = (x & new Vector<uint>(0x00ff00ff)) + (x >>> 8 & new Vector<uint>(0x00ff00ff));
        return (pairs & new Vector<uint>(0xffff)) + (pairs >>> 16);
    }
}
