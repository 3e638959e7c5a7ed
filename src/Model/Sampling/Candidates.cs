namespace Llama.Model.Sampling;

/// <summary>
/// The tokens that truncation leaves, in the order of their ids. A token is one key: its weight's bits (which order as positive floats do) above the complement of
/// its id, so that a larger key is a more probable token, or of two equally probable ones that with the lower id, and no two keys are equal.
/// </summary>
internal sealed class Candidates(int vocabSize)
{
    private readonly ulong[] _keys = new ulong[vocabSize], _work = new ulong[vocabSize];
    private int _count;

    /// <summary>Starts with all tokens of at least this weight.</summary>
    public void Fill(TokenWeights weights, float least)
    {
        _count = 0;
        for (int i = 0; i < _keys.Length; i += LogitRow.Lanes)
            for (uint mask = weights.MaskAtLeast(least, i); mask != 0; mask &= mask - 1)
            {
                int token = i + int.TrailingZeroCount((int)mask);
                _keys[_count++] = (ulong)BitConverter.SingleToUInt32Bits(weights[token]) << 32 | ~(uint)token;
            }
    }

    /// <summary>Sum of the weights.</summary>
    public double Mass
    {
        get
        {
            double mass = 0;
            foreach (ulong key in _keys.AsSpan(0, _count)) mass += Weight(key);
            return mass;
        }
    }

    /// <summary>Keeps the most probable ones, this many.</summary>
    public void KeepCount(int count)
    {
        if (count < _count) KeepFrom(LastOfTop(count, byMass: false));
    }

    /// <summary>Keeps the fewest of the most probable ones that together reach this mass.</summary>
    public void KeepMass(double mass) => KeepFrom(LastOfTop(mass, byMass: true));

    /// <summary>Keeps those of at least this weight.</summary>
    public void KeepAtLeast(float weight) => KeepFrom((ulong)BitConverter.SingleToUInt32Bits(weight) << 32);

    /// <summary>The token at which the running sum of weights, in the order of ids, passes this share of the whole.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        double left = uniform * Mass;
        int i = 0;
        while (i < _count - 1 && (left -= Weight(_keys[i])) >= 0) i++;
        return (int)~(uint)_keys[i];
    }

    private static double Weight(ulong key) => BitConverter.UInt32BitsToSingle((uint)(key >> 32));

    private void KeepFrom(ulong least)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
            if (_keys[i] >= least) _keys[kept++] = _keys[i];
        _count = kept;
    }

    // The smallest of the fewest largest keys whose count or mass reaches the target: quickselect that carries the sum, linear on average and without a sort.
    // 1. Split the range into keys of at least the pivot's size and the rest. 2. If the former reach the target the answer is among them, else what they sum to
    // is taken off the target and the answer is among the rest. The median of three distinct keys is never the smallest, so both parts are smaller than the range.
    private ulong LastOfTop(double target, bool byMass)
    {
        Span<ulong> range = _work.AsSpan(0, _count);
        _keys.AsSpan(0, _count).CopyTo(range);
        while (range.Length > 1)
        {
            ulong pivot = Pivot(range);
            int upper = 0;
            double sum = 0;
            for (int i = 0; i < range.Length; i++)
            {
                ulong key = range[i];
                if (key < pivot) continue;
                range[i] = range[upper];
                range[upper++] = key;
                sum += byMass ? Weight(key) : 1;
            }
            bool reached = sum >= target;
            if (!reached) target -= sum;
            range = reached ? range[..upper] : range[upper..];
        }
        return range[0];
    }

    private static ulong Pivot(ReadOnlySpan<ulong> range)
    {
        ulong a = range[0], b = range[range.Length / 2], c = range[^1];
        return range.Length == 2 ? Math.Max(a, c) : Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
    }
}
