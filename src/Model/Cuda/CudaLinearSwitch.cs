using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>From how many rows on a product goes through cuBLAS, by the form of its weights.</summary>
/// <param name="isFixed">Whether none ever does.</param>
internal sealed class CudaLinearSwitch(bool isFixed)
{
    /// <summary>Most rows that are measured.</summary>
    public const int MostRows = 1024;

    private const int Never = int.MaxValue, Runs = 3, FewRows = 8;

    private static readonly int[] Candidates = [2, 4, 8, 16, 32, 64, 128, 256, 512, MostRows];

    private readonly Dictionary<CudaLinearFormat, int> _from = [];

    /// <summary>Whether none ever does.</summary>
    public bool IsFixed => isFixed;

    /// <summary>Whether a product of so many rows goes through cuBLAS.</summary>
    public bool IsMany(int rows, CudaLinearFormat format) => !isFixed && rows >= From(format);

    /// <summary>Finds out on this device and this model.</summary>
    /// <param name="weights">Some of the model's. A form that none of them has keeps what is taken until it is measured.</param>
    /// <param name="time">The time of a product of so many rows with a weight, through cuBLAS or not.</param>
    public void Measure(IReadOnlyList<Weight> weights, Func<int, Weight, bool, float> time)
    {
        if (isFixed) return;
        foreach (IGrouping<CudaLinearFormat, Weight> alike in weights.GroupBy(CudaLinearFormat.Of)) _from[alike.Key] = Find([.. alike], time);
    }

    /// <summary>The switch for weights of one form, for the start-up lines.</summary>
    public string Describe(CudaLinearFormat format) => isFixed ? "tensor-core products for any number of rows" : From(format) == Never ? "tensor-core products, never cuBLAS" : $"cuBLAS from {From(format)} rows on";

    // Until measured: ours is made for memory-bound products, and codes have to be widened for cuBLAS.
    private int From(CudaLinearFormat format) => _from.TryGetValue(format, out int from) ? from : format.Bits switch { 32 => 9, 16 => 65, _ => 257 };

    // The fewest rows from which on it wins at every candidate.
    private static int Find(Weight[] weights, Func<int, Weight, bool, float> time)
    {
        int from = Never;
        foreach (int rows in Candidates.Reverse())
        {
            // With few rows ours make norm and gate too, which is not in these times.
            float worthIt = rows < FewRows ? 0.95f : 1;
            if (Best(rows, isMany: true) >= worthIt * Best(rows, isMany: false)) return from;
            from = rows;
        }
        return from;

        float Best(int rows, bool isMany) =>
            Enumerable.Range(0, Runs + 1).Select(_ => weights.Sum(weight => time(rows, weight, isMany))).Skip(1).Min(); // the first warms up
    }
}
