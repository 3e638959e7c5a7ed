using System.Numerics;
using System.Runtime.CompilerServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Outliers;

/// <summary>
/// The elements of a product's input that stand out: found row by row, taken out of the input while the rest is multiplied, and put back. Memory is kept between calls.
/// </summary>
internal sealed unsafe class OutlierInput
{
    private const long ElementsPerThread = 64 << 10;

    private readonly ScratchMemory _starts = new(), _ranks = new(), _values = new(), _columns = new(), _rankOf = new();
    private Matrix? _input;
    private int* _columnsAt; // [columns]

    private struct Job
    {
        public float* Input, Values;
        public int* Starts, Columns; // Columns is null while they are counted
        public int Inputs;
        public float Threshold;
    }

    /// <summary>[rows + 1]: where each row's elements begin in <see cref="Values"/>.</summary>
    public int* Starts { get; private set; }

    /// <summary>[elements]: which of <see cref="Columns"/> each is in, ascending within a row.</summary>
    public int* Ranks { get; private set; }

    /// <summary>[elements]</summary>
    public float* Values { get; private set; }

    /// <summary>The columns in which any row has an element, ascending.</summary>
    public ReadOnlySpan<int> Columns => new(_columnsAt, ColumnCount);

    public int ColumnCount { get; private set; }

    /// <summary>Finds the elements and sets them to 0 in the input; false when there are none. No number is larger than a NaN: it stays.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="threshold">From what size on an element stands out.</param>
    public bool TakeOut(Matrix input, float threshold)
    {
        Starts = (int*)_starts.Get((input.Rows + 1L) * sizeof(int));
        Job job = new() { Input = input.Floats, Inputs = input.Columns, Starts = Starts, Threshold = threshold };
        long grain = Math.Max(1, ElementsPerThread / input.Columns);
        ParallelFor.Run(input.Rows, grain, &Rows, &job);
        Starts[0] = 0;
        for (int row = 0; row < input.Rows; row++) Starts[row + 1] += Starts[row];
        int count = Starts[input.Rows];
        if (count == 0) return false;
        job.Columns = Ranks = (int*)_ranks.Get((long)count * sizeof(int));
        job.Values = Values = (float*)_values.Get((long)count * sizeof(float));
        ParallelFor.Run(input.Rows, grain, &Rows, &job);
        RankColumns(count, input.Columns);
        _input = input;
        return true;
    }

    /// <summary>Makes the input what it was.</summary>
    public void PutBack()
    {
        for (int row = 0; row < _input!.Rows; row++)
            for (int i = Starts[row]; i < Starts[row + 1]; i++) _input.Floats[(long)row * _input.Columns + _columnsAt[Ranks[i]]] = Values[i];
    }

    private void RankColumns(int count, int inputs)
    {
        int* rankOf = (int*)_rankOf.Get((long)inputs * sizeof(int));
        _columnsAt = (int*)_columns.Get((long)inputs * sizeof(int));
        new Span<int>(rankOf, inputs).Clear();
        for (int i = 0; i < count; i++) rankOf[Ranks[i]] = 1;
        ColumnCount = 0;
        for (int column = 0; column < inputs; column++)
        {
            if (rankOf[column] == 0) continue;
            rankOf[column] = ColumnCount;
            _columnsAt[ColumnCount++] = column;
        }
        for (int i = 0; i < count; i++) Ranks[i] = rankOf[Ranks[i]];
    }

    private static void Rows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long row = begin; row < end; row++)
        {
            float* input = job.Input + row * job.Inputs;
            if (job.Columns == null) job.Starts[row + 1] = Count(input, job.Inputs, job.Threshold);
            else if (job.Starts[row + 1] > job.Starts[row]) Take(ref job, input, job.Starts[row]);
        }
    }

    [MethodImpl(Compiled.AtOnce)]
    private static int Count(float* input, int count, float threshold)
    {
        Vector<int> found = Vector<int>.Zero; // −1 for each
        Vector<float> least = new(threshold);
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count) found += Vector.GreaterThanOrEqual(Vector.Abs(Vector.Load(input + i)), least);
        int sum = -Vector.Sum(found);
        for (; i < count; i++) sum += MathF.Abs(input[i]) >= threshold ? 1 : 0;
        return sum;
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Take(ref Job job, float* input, int at)
    {
        Vector<float> least = new(job.Threshold);
        for (int i = 0; i < job.Inputs; i++)
        {
            if (i + Vector<float>.Count <= job.Inputs && !Vector.GreaterThanOrEqualAny(Vector.Abs(Vector.Load(input + i)), least)) i += Vector<float>.Count - 1;
            else if (MathF.Abs(input[i]) >= job.Threshold)
            {
                (job.Columns[at], job.Values[at]) = (i, input[i]);
                input[i] = 0;
                at++;
            }
        }
    }
}
