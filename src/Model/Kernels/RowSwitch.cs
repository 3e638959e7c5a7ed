using Llama.Model.Kernels.Machine;

namespace Llama.Model.Kernels;

/// <summary>From how many rows on a product goes the way that is made for many rows, by the form of its weights.</summary>
/// <param name="isFixed">Whether every product goes the way for few, so that a row's result never depends on the others.</param>
internal sealed class RowSwitch(bool isFixed)
{
    private const int Never = int.MaxValue, Beyond = 96, Rounds = 12, WarmUps = 2;
    private const double Lead = 0.02; // by which the way for many must win to be taken

    private static readonly int[] Candidates = [8, 12, 16, 24, 32, 48, 64];

    private int _dense = isFixed ? Never : 16, _codes = isFixed ? Never : 32, _packed = isFixed ? Never : 64; // until measured

    /// <summary>Whether a product of so many rows goes the way for many.</summary>
    public bool IsMany(int rows, Weight weight) => rows >= From(weight);

    /// <summary>Finds out on this machine and this model.</summary>
    /// <param name="weights">Some of the model's, of each form that it has; several, lest they stay in a cache, and those of one shape together.</param>
    /// <param name="multiply">Multiplies so many rows with a weight, the way for many or the one for few.</param>
    /// <param name="clock">Time.</param>
    public void Measure(IReadOnlyList<Weight> weights, Action<int, Weight, bool> multiply, TimeProvider clock)
    {
        if (isFixed) return;
        _dense = Find([.. weights.Where(weight => weight is DenseWeight)], multiply, clock) ?? _dense;
        _codes = Find([.. weights.Where(weight => weight is QuantizedWeight)], multiply, clock) ?? _codes;
        _packed = Find([.. weights.Where(weight => weight is PackedCodes)], multiply, clock) ?? _packed;
    }

    /// <summary>The switch for weights of one form, for the start-up lines.</summary>
    public string Describe(Weight weight) => isFixed ? "one way for any number of rows" : $"blocked from {From(weight)} rows on";

    private int From(Weight weight) => weight switch
    {
        QuantizedWeight => _codes,
        PackedCodes => _packed,
        _ => _dense,
    };

    // Each candidate is measured many times, a weight at a time, all of them in turn, and the least time counts: other work on the machine then meets both ways and every candidate alike, and leaves some
    // of so short a measurement alone.
    private static int? Find(Weight[] weights, Action<int, Weight, bool> multiply, TimeProvider clock)
    {
        if (weights.Length == 0) return null;
        double[] few = new double[Candidates.Length], many = new double[Candidates.Length];
        Array.Fill(few, double.MaxValue);
        Array.Fill(many, double.MaxValue);
        int next = 0;
        for (int round = -WarmUps; round < Rounds; round++)
            for (int i = 0; i < Candidates.Length; i++)
                foreach (bool isMany in (ReadOnlySpan<bool>)[round % 2 == 0, round % 2 != 0])
                {
                    ref double least = ref (isMany ? many : few)[i];
                    double time = Time(Candidates[i], isMany);
                    if (round >= 0) least = Math.Min(least, time);
                }
        int from = Best([.. few.Zip(many, (one, other) => Math.Log(one / other))]);
        return from < Candidates.Length ? Candidates[from] : Beyond;

        // The next weight each time: one that was just multiplied would lie in a cache, which it never does in a step.
        double Time(int rows, bool isMany)
        {
            Weight weight = weights[next++ % weights.Length];
            long start = clock.GetTimestamp();
            multiply(rows, weight, isMany);
            return Math.Max(clock.GetTimestamp() - start, 1);
        }
    }

    // The place from which on the way for many gains most in all, so that one candidate that is off moves it little; behind the last where it never does. Gains are logarithms of few to many.
    private static int Best(double[] gains)
    {
        (int best, double gain, double most) = (gains.Length, 0, 0);
        for (int i = gains.Length - 1; i >= 0; i--)
        {
            gain += gains[i] - Lead;
            if (gain > most) (best, most) = (i, gain);
        }
        return best;
    }
}
