using System.Runtime.CompilerServices;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>
/// What the elements of an input that stand out add to a product: output[t] += x · column for each, in the order of the columns, whichever rows and columns are done together.
/// Plan: threads take stretches of the outputs, of which the columns stay in the first cache; of each row four registers of outputs meet its columns one after the other.
/// </summary>
internal static unsafe class SimdOutliers<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Stretch = 256;
    private const long WorkPerThread = 64 << 10; // multiply-adds worth waking a thread for

    private struct Job
    {
        public float* Output, Values; // Output [rows, outputs]
        public int* Starts, Ranks;
        public nint* Columns; // of ranks from First on
        public int Rows, Outputs, First, End;
    }

    /// <summary>Adds it for all columns.</summary>
    /// <param name="outliers">Of the product's input.</param>
    /// <param name="columns">Of its weight.</param>
    /// <param name="addresses">[columns that stand out] to work in.</param>
    /// <param name="output">[rows, outputs] float32</param>
    public static void Add(OutlierInput outliers, OutlierColumns columns, nint* addresses, Matrix output)
    {
        Job job = new() { Output = output.Floats, Values = outliers.Values, Starts = outliers.Starts, Ranks = outliers.Ranks, Columns = addresses, Rows = output.Rows, Outputs = output.Columns };
        long workPerStretch = Math.Max(1, (long)outliers.Starts[output.Rows] * Stretch);
        for (; job.First < outliers.ColumnCount; job.First = job.End)
        {
            job.End = job.First + columns.Bring(outliers.Columns[job.First..], addresses);
            ParallelFor.Run((job.Outputs + Stretch - 1) / Stretch, Math.Max(1, WorkPerThread / workPerStretch), &Stretches, &job);
        }
    }

    private static void Stretches(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long stretch = begin; stretch < end; stretch++)
        {
            int first = (int)stretch * Stretch, last = Math.Min(job.Outputs, first + Stretch);
            for (int row = 0; row < job.Rows; row++)
            {
                (int start, int stop) = Within(ref job, row);
                if (start < stop) Row(ref job, row, start, stop, first, last);
            }
        }
    }

    // Which of a row's elements are in the columns at hand.
    private static (int Start, int Stop) Within(ref Job job, int row)
    {
        (int start, int stop) = (job.Starts[row], job.Starts[row + 1]);
        while (start < stop && job.Ranks[start] < job.First) start++;
        while (start < stop && job.Ranks[stop - 1] >= job.End) stop--;
        return (start, stop);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Row(ref Job job, int row, int start, int stop, int output, int last)
    {
        float* target = job.Output + (long)row * job.Outputs;
        for (; output + 4 * TLanes.Count <= last; output += 4 * TLanes.Count) Tile(ref job, start, stop, target, output);
        for (; output < last; output++)
        {
            float sum = target[output];
            for (int i = start; i < stop; i++) sum = MathF.FusedMultiplyAdd(job.Values[i], Column(ref job, i)[output].ToFloat(), sum);
            target[output] = sum;
        }
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile(ref Job job, int start, int stop, float* target, int output)
    {
        int n = TLanes.Count;
        float* at = target + output;
        TLanes a = TLanes.Load(at), b = TLanes.Load(at + n), c = TLanes.Load(at + 2 * n), d = TLanes.Load(at + 3 * n);
        for (int i = start; i < stop; i++)
        {
            Bf16* column = Column(ref job, i) + output;
            TLanes x = TLanes.All(job.Values[i]);
            a = TLanes.MultiplyAdd(x, TLanes.Load(column), a);
            b = TLanes.MultiplyAdd(x, TLanes.Load(column + n), b);
            c = TLanes.MultiplyAdd(x, TLanes.Load(column + 2 * n), c);
            d = TLanes.MultiplyAdd(x, TLanes.Load(column + 3 * n), d);
        }
        SimdVector<TLanes, Bf16>.Store(a, b, c, d, at);
    }

    private static Bf16* Column(ref Job job, int element) => (Bf16*)job.Columns[job.Ranks[element] - job.First];
}
