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
                _keys[_count++] = KeyOf(weights[token], token);
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
        if (count < _count) KeepFrom(LastOfTop(count, default(OneEach)));
    }

    /// <summary>Keeps the fewest of the most probable ones that together reach this mass.</summary>
    public void KeepMass(double mass) => KeepFrom(LastOfTop(mass, default(KeyWeight)));

    /// <summary>Keeps those of at least this weight.</summary>
    public void KeepAtLeast(float weight) => KeepFrom((ulong)BitConverter.SingleToUInt32Bits(weight) << 32);

    /// <summary>
    /// Keeps the fewest whose surprise −ln p is nearest to its mean, the entropy, and that together reach this share of the mass (Meister et al. 2023).
    /// As ln p and the logarithm of a weight differ by a constant, a token is as far from the entropy as its ln weight is from the mean one.
    /// </summary>
    /// <param name="share">Of the mass of these candidates.</param>
    /// <param name="weights">Theirs.</param>
    /// <param name="logits">[vocab] what the weights are the exponentials of, before the temperature.</param>
    /// <param name="temperature">As the weights were made with.</param>
    public void KeepTypical(double share, TokenWeights weights, ReadOnlySpan<float> logits, float temperature)
    {
        double mass = Mass, mean = 0;
        float scale = 1 / temperature;
        foreach (ulong key in _keys.AsSpan(0, _count)) mean += Weight(key) * (logits[Token(key)] * scale) / mass;
        for (int i = 0; i < _count; i++)
        {
            int token = Token(_keys[i]);
            _keys[i] = ~(ulong)BitConverter.SingleToUInt32Bits((float)Math.Abs(logits[token] * scale - mean)) << 32 | ~(uint)token; // nearer is larger
        }
        KeepFrom(LastOfTop(share * mass, new TokenWeight(weights)));
        for (int i = 0; i < _count; i++) _keys[i] = KeyOf(weights[Token(_keys[i])], Token(_keys[i]));
    }

    /// <summary>The token at which the running sum of weights, in the order of ids, passes this share of the whole.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        double left = uniform * Mass;
        int i = 0;
        while (i < _count - 1 && (left -= Weight(_keys[i])) >= 0) i++;
        return Token(_keys[i]);
    }

    private static ulong KeyOf(float weight, int token) => (ulong)BitConverter.SingleToUInt32Bits(weight) << 32 | ~(uint)token;

    private static int Token(ulong key) => (int)~(uint)key;

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
    private ulong LastOfTop<TMeasure>(double target, TMeasure measure) where TMeasure : struct, IMeasure
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
                sum += measure.Of(key);
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

    /// <summary>What a key counts towards the target.</summary>
    private interface IMeasure
    {
        double Of(ulong key);
    }

    private readonly struct OneEach : IMeasure
    {
        public double Of(ulong key) => 1;
    }

    private readonly struct KeyWeight : IMeasure
    {
        public double Of(ulong key) => Weight(key);
    }

    private readonly struct TokenWeight(TokenWeights weights) : IMeasure
    {
        public double Of(ulong key) => weights[Token(key)];
    }
}
