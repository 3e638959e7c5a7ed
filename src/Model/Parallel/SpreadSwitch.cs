namespace Llama.Model.Parallel;

/// <summary>
/// From how many decoding sequences on they are spread over the steps under way, so that every stage has some. With stages that share a memory that may lose: each of the steps reads all weights, and who
/// reads while others do reads slower. It wins when a part of the rows beside other stages takes a stage less than all rows while the others rest.
/// </summary>
internal static class SpreadSwitch
{
    /// <summary>As soon as there is something to spread: for devices that share no memory, whose steps of few rows take no more than those of many.</summary>
    public const int AtOnce = 2;

    /// <summary>For weights that do not stay: a step takes what fetching them takes, however few share it.</summary>
    public const int Never = int.MaxValue;

    /// <summary>Most rows that are measured.</summary>
    public const int MostRows = 64;

    private const int Rounds = 6; // of which the least counts: other work on the machine makes times longer, never shorter

    private static readonly int[] Candidates = [2, 4, 8, 16, 32, MostRows];

    /// <summary>Finds the least number that spreading pays for, if it pays for all larger ones.</summary>
    /// <param name="stages">That the steps go through.</param>
    /// <param name="alone">Time that so many rows take the stages, one stage after the other.</param>
    /// <param name="beside">The same while all are at work.</param>
    public static int Find(int stages, Func<int, double> alone, Func<int, double> beside)
    {
        int first = 0, end = Candidates.Length;
        while (first < end)
        {
            int middle = (first + end) / 2, rows = Candidates[middle];
            if (Least(beside, (rows + stages - 1) / stages) < Least(alone, rows)) end = middle;
            else first = middle + 1;
        }
        return first < Candidates.Length ? Candidates[first] : Never;
    }

    private static double Least(Func<int, double> time, int rows) => Enumerable.Range(0, Rounds).Min(_ => time(rows));
}
