using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// The rows of a product's input as 16-bit integers with a scale by row, for weights in codes: per 64 inputs 64 high bytes, then 64 low ones, in the order in which
/// <see cref="QuantizedWeight"/> has its codes; padded with zeros.
/// </summary>
internal sealed unsafe class IntegerInput
{
    private const int Chunk = QuantizedWeight.Chunk, Lanes = 16, LanesOfGroups = 16;
    private const float Largest = 32512; // so that the high byte, rounded, is at most 127
    private const long ElementsPerThread = 8 << 10;

    private readonly ScratchMemory _data = new(), _sums = new(), _scales = new();

    private struct Job
    {
        public float* Input, Scales;
        public int* GroupSums; // at the end of a row float32, unless they stay integers
        public byte* Data;
        public int Inputs, Stride, SumCount, GroupSize;
        public int SumFactor, OddFactor; // for all sums, and for those of every other 64 inputs beside
        public bool KeepsIntegers, IsNatural;
    }

    /// <summary>Rounds the rows. The result is good until the next call. A row that holds no finite numbers gets the scale NaN.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="weight">Whose groups and order it is for.</param>
    public RowInput Pack(Matrix input, QuantizedWeight weight) =>
        Pack(input, new Job { GroupSize = weight.GroupSize, SumFactor = weight.Minima is null ? weight.ZeroPoint : 1, OddFactor = 1 });

    /// <summary>The same for packed codes. The sums that an integer one begins with are integers themselves.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="form">Of the codes.</param>
    /// <param name="isNatural">Whether inputs stay in their own order where codes have another.</param>
    public RowInput Pack(Matrix input, CodeUnit form, bool isNatural) => Pack(input, form switch
    {
        { HasMinima: true } => new Job { GroupSize = form.SumInputs, SumFactor = 1, OddFactor = 1, IsNatural = isNatural },
        { IsByRow: true } => new Job { GroupSize = form.SumInputs, SumFactor = form.ZeroPoint, OddFactor = 1, IsNatural = isNatural },
        _ => new Job { GroupSize = form.SumInputs, SumFactor = -form.ZeroPoint, OddFactor = form.PartsNibbles ? 16 : 1, KeepsIntegers = true, IsNatural = isNatural },
    });

    private RowInput Pack(Matrix input, Job job)
    {
        int rowBytes = (input.Columns + Chunk - 1) / Chunk * Chunk * 2;
        job.Input = input.Floats;
        (job.Inputs, job.Stride) = (input.Columns, InputStride.Of(rowBytes));
        job.SumCount = ((input.Columns + job.GroupSize - 1) / job.GroupSize + LanesOfGroups - 1) / LanesOfGroups * LanesOfGroups;
        job.Data = (byte*)_data.Get((long)input.Rows * job.Stride);
        job.GroupSums = (int*)_sums.Get((long)input.Rows * job.SumCount * sizeof(float));
        job.Scales = (float*)_scales.Get((long)input.Rows * sizeof(float));
        ParallelFor.Run(input.Rows, Math.Max(1, ElementsPerThread / input.Columns), &Round, &job);
        return new RowInput
        {
            Data = job.Data,
            Stride = job.Stride,
            Rows = input.Rows,
            Inputs = input.Columns,
            Scales = job.Scales,
            GroupSums = (float*)job.GroupSums,
            SumStride = job.SumCount * sizeof(float),
        };
    }

    private static void Round(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long row = begin; row < end; row++)
        {
            float* input = job.Input + row * job.Inputs;
            int* sums = job.GroupSums + row * job.SumCount;
            float largest = LargestOf(input, job.Inputs);
            bool isFinite = float.IsFinite(largest);
            job.Scales[row] = isFinite ? largest / Largest : float.NaN;
            new Span<int>(sums, job.SumCount).Clear();
            Row(ref job, input, job.Data + row * job.Stride, sums, isFinite && largest > 0 ? Largest / largest : 0);
            EndSums(ref job, sums);
        }
    }

    private static float LargestOf(float* input, int count)
    {
        Vector512<float> largest = Vector512<float>.Zero;
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512<float> values = Vector512.Load(input + i);
            largest = Avx512F.Max(Vector512.Abs(values), largest) + (values - values); // where a lane is no finite number, it and the sum are none
        }
        float most = 0;
        for (int lane = 0; lane < Lanes; lane++) most = MathF.Max(most, largest[lane]);
        for (; i < count; i++) most = MathF.Max(most, MathF.Abs(input[i]));
        return most;
    }

    private static void Row(ref Job job, float* input, byte* target, int* sums, float factor)
    {
        bool isNarrow = job.GroupSize < Chunk;
        float* padded = stackalloc float[Chunk];
        Vector512<int> sum = Vector512<int>.Zero;
        for (int i = 0; i < job.Inputs; i += Chunk, target += 2 * Chunk)
        {
            float* values = input + i;
            if (i + Chunk > job.Inputs)
            {
                new Span<float>(padded, Chunk).Clear();
                new Span<float>(values, job.Inputs - i).CopyTo(new Span<float>(padded, Chunk));
                values = padded;
            }
            for (int at = 0; at < Chunk; at += Lanes)
            {
                Vector512<int> integers = Split(values + at, factor, out Vector128<sbyte> high, out Vector128<sbyte> low);
                if (isNarrow) sums[(i + at) / job.GroupSize] += Vector512.Sum(integers);
                else sum += integers;
                high.Store((sbyte*)target + at);
                low.Store((sbyte*)target + Chunk + at);
            }
            if (isNarrow)
            {
                if (job.IsNatural) continue;
                CodeOrder.Interleave(new Span<uint>(target, Lanes), job.GroupSize); // narrow groups alternate from lane to lane
                CodeOrder.Interleave(new Span<uint>(target + Chunk, Lanes), job.GroupSize);
                continue;
            }
            bool endsGroup = i + Chunk >= job.Inputs || (i + Chunk) % job.GroupSize == 0;
            if (!endsGroup) continue;
            sums[i / job.GroupSize] = Vector512.Sum(sum);
            sum = Vector512<int>.Zero;
        }
    }

    private static void EndSums(ref Job job, int* sums)
    {
        for (int group = 0; group < job.SumCount; group++)
        {
            bool isOdd = job.OddFactor > 1 && group * job.GroupSize / Chunk % 2 == 1;
            int factor = isOdd ? job.SumFactor * job.OddFactor : job.SumFactor;
            if (job.KeepsIntegers) sums[group] *= factor;
            else ((float*)sums)[group] = (float)sums[group] * factor;
        }
    }

    // An integer is 256 · high + low, both signed.
    private static Vector512<int> Split(float* values, float factor, out Vector128<sbyte> high, out Vector128<sbyte> low)
    {
        Vector512<int> integers = Avx512F.ConvertToVector512Int32(Vector512.Load(values) * factor);
        Vector512<int> lowest = Vector512.ShiftRightArithmetic(Vector512.ShiftLeft(integers, 24), 24);
        high = Avx512F.ConvertToVector128SByte(Vector512.ShiftRightArithmetic(integers - lowest, 8));
        low = Avx512F.ConvertToVector128SByte(lowest);
        return integers;
    }
}
