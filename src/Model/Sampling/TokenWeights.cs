using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llama.Model.Sampling;

/// <summary>Unnormalised probabilities of all tokens, the most probable one's being 1. Masses are summed in double precision.</summary>
internal sealed class TokenWeights(int vocabSize)
{
    private const int BlockSize = 512;

    private readonly float[] _weights = new float[(vocabSize + BlockSize - 1) / BlockSize * BlockSize]; // padded with zeros, which nothing selects
    private readonly double[] _blockMasses = new double[(vocabSize + BlockSize - 1) / BlockSize];

    /// <summary>Sum of all weights.</summary>
    public double Mass { get; private set; }

    /// <summary>Weight of one token.</summary>
    public float this[int token] => _weights[token];

    /// <summary>Sets every weight to exp((logit − max) / temperature).</summary>
    public void Set(ReadOnlySpan<float> logits, float max, float temperature)
    {
        Mass = 0;
        for (int block = 0; block < _blockMasses.Length; block++)
        {
            int start = block * BlockSize;
            _blockMasses[block] = SetBlock(logits[start..Math.Min(start + BlockSize, logits.Length)], max, 1 / temperature, _weights.AsSpan(start, BlockSize));
            Mass += _blockMasses[block];
        }
    }

    /// <summary>How many tokens weigh at least this much, and what they weigh together.</summary>
    public (int Count, double Mass) AtLeast(float weight)
    {
        Vector256<float> least = Vector256.Create(weight);
        Vector256<int> counts = Vector256<int>.Zero;
        Vector256<double> mass = Vector256<double>.Zero;
        for (int i = 0; i < _weights.Length; i += LogitRow.Lanes)
        {
            Vector256<float> weights = Vector256.Create(_weights, i);
            Vector256<float> chosen = Vector256.GreaterThanOrEqual(weights, least);
            counts -= chosen.AsInt32(); // a true lane is −1
            mass = Add(mass, weights & chosen);
        }
        return (Vector256.Sum(counts), Vector256.Sum(mass));
    }

    /// <summary>Bit <c>j</c> tells whether token <c>index + j</c> weighs at least this much.</summary>
    public uint MaskAtLeast(float weight, int index) =>
        Vector256.GreaterThanOrEqual(Vector256.Create(_weights, index), Vector256.Create(weight)).ExtractMostSignificantBits();

    /// <summary>The token at which the running sum of weights, in the order of ids, passes this share of the whole.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        double left = uniform * Mass;
        int block = 0;
        while (block < _blockMasses.Length - 1 && left >= _blockMasses[block]) left -= _blockMasses[block++];
        int token = block * BlockSize, last = 0;
        for (int end = token + BlockSize; token < end; token++)
        {
            if (_weights[token] == 0) continue;
            last = token;
            left -= _weights[token];
            if (left < 0) return token;
        }
        return last; // rounding carried the sum a hair beyond the block
    }

    private static double SetBlock(ReadOnlySpan<float> logits, float max, float scale, Span<float> weights)
    {
        Vector256<double> mass = Vector256<double>.Zero;
        for (int i = 0; i < logits.Length; i += LogitRow.Lanes)
        {
            Vector256<float> weight = LogitRow.Exp((LogitRow.Load(logits, i) - Vector256.Create(max)) * scale);
            weight.CopyTo(weights[i..]);
            mass = Add(mass, weight);
        }
        return Vector256.Sum(mass);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Add(Vector256<double> mass, Vector256<float> weights)
    {
        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(weights);
        return mass + lower + upper;
    }
}
