namespace Llama.Model.Kernels;

/// <summary>From how many rows on a product goes the way that is made for many rows, by the form of its weights.</summary>
/// <param name="isFixed">Whether every product goes the way for few, so that a row's result never depends on the others.</param>
internal sealed class RowSwitch(bool isFixed)
{
    private const int Never = int.MaxValue, Runs = 3;

    private static readonly int[] Candidates = [8, 12, 16, 24, 32, 48, 64, 96, 128];

    private int _dense = isFixed ? Never : 16, _codes = isFixed ? Never : 32; // until measured

    /// <summary>Whether a product of so many rows goes the way for many.</summary>
    public bool IsMany(int rows, Weight weight) => rows >= (weight is QuantizedWeight ? _codes : _dense);

    /// <summary>Finds out on this machine and this model.</summary>
    /// <param name="weights">Some of the model's, of both forms if it has both; several, lest they stay in a cache.</param>
    /// <param name="multiply">Multiplies so many rows with a weight, the way for many or the one for few.</param>
    /// <param name="clock">Time.</param>
    public void Measure(IReadOnlyList<Weight> weights, Action<int, Weight, bool> multiply, TimeProvider clock)
    {
        if (isFixed) return;
        _dense = Find([.. weights.Where(weight => weight is DenseWeight)], multiply, clock) ?? _dense;
        _codes = Find([.. weights.Where(weight => weight is QuantizedWeight)], multiply, clock) ?? _codes;
    }

    /// <summary>The switch for weights of one form, for the start-up lines.</summary>
    public string Describe(bool hasCodes) => isFixed ? "one way for any number of rows" : $"blocked from {(hasCodes ? _codes : _dense)} rows on";

    // The way for many must win twice in a row: other work on the machine, which slows reading weights more than multiplying, may let it win once too early.
    private static int? Find(Weight[] weights, Action<int, Weight, bool> multiply, TimeProvider clock)
    {
        if (weights.Length == 0) return null;
        int? winner = null;
        foreach (int rows in Candidates)
        {
            if (!Wins(rows)) winner = null;
            else if (winner is not null) return winner;
            else winner = rows;
        }
        return Candidates[^1];

        bool Wins(int rows)
        {
            (long few, long many) = (long.MaxValue, long.MaxValue);
            for (int run = 0; run <= Runs; run++) // in turn, so that both meet the same machine
            {
                (long fewNow, long manyNow) = (Time(rows, isMany: false), Time(rows, isMany: true));
                if (run > 0) (few, many) = (Math.Min(few, fewNow), Math.Min(many, manyNow)); // the first warms up
            }
            return many < few;
        }

        long Time(int rows, bool isMany)
        {
            long start = clock.GetTimestamp();
            foreach (Weight weight in weights) multiply(rows, weight, isMany);
            return clock.GetTimestamp() - start;
        }
    }
}
