using System.Runtime.CompilerServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>
/// Matrix products against weights in their file's layout, [outputs, inputs], with float32 accumulation. Every output is one chain of fused multiply-adds in
/// input order per lane and one final sum, whatever tile computes it: a row's result does not depend on the other rows of the step.
/// Plan: threads take ranges of weight rows; within them, blocks of input rows small enough for the L2 cache; within those, tiles of 4 weights × 4 inputs.
/// </summary>
internal static unsafe class SimdLinear<TLanes, TWeight> where TLanes : struct, ILanes<TLanes> where TWeight : unmanaged
{
    private const int TileOutputs = 4, TileRows = 4, BlockBytes = 512 << 10;
    private const long WorkPerThread = 256 << 10; // multiply-adds worth waking a thread for, some 20 µs of them

    private struct Job
    {
        public float* Input; // [rows, inputs]
        public TWeight* Weight; // [outputs, inputs]
        public float* Output; // [rows, outputs], rows being OutputStride apart
        public int Rows, Inputs, Outputs, OutputStride;
        public bool Add;
    }

    /// <summary>output = input · weightᵀ, or output += when <paramref name="add"/>.</summary>
    public static void Run(Matrix input, Matrix weight, Matrix output, bool add)
    {
        Job job = new()
        {
            Input = input.Floats,
            Weight = (TWeight*)weight.Data,
            Output = output.Floats,
            Rows = input.Rows,
            Inputs = weight.Columns,
            Outputs = weight.Rows,
            OutputStride = weight.Rows,
            Add = add,
        };
        int tiles = (job.Outputs + TileOutputs - 1) / TileOutputs;
        long workPerTile = (long)TileOutputs * job.Inputs * job.Rows;
        ParallelFor.Run(tiles, Math.Max(1, WorkPerThread / workPerTile), &Range, &job);
    }

    /// <summary>The same for a few weight rows on the calling thread.</summary>
    /// <param name="input">[rows, inputs]</param>
    /// <param name="weight">[outputs, inputs]</param>
    /// <param name="output">[rows, outputs], rows being <paramref name="outputStride"/> apart.</param>
    public static void Tile(float* input, int rows, TWeight* weight, int outputs, int inputs, float* output, int outputStride, bool add)
    {
        Job job = new() { Input = input, Weight = weight, Output = output, Rows = rows, Inputs = inputs, Outputs = outputs, OutputStride = outputStride, Add = add };
        float* sums = stackalloc float[TileRows * TileOutputs * TLanes.Count];
        for (int o = 0; o < outputs; o += TileOutputs) Block(ref job, sums, 0, rows, o);
    }

    private static void Range(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        float* sums = stackalloc float[TileRows * TileOutputs * TLanes.Count];
        int blockRows = BlockRows(job.Inputs);
        for (int row = 0; row < job.Rows; row += blockRows)
            for (long tile = begin; tile < end; tile++)
                Block(ref job, sums, row, Math.Min(job.Rows, row + blockRows), (int)tile * TileOutputs);
    }

    /// <summary>Input rows that fit the L2 cache beside weights.</summary>
    public static int BlockRows(int inputs) => Math.Max(TileRows, BlockBytes / (inputs * sizeof(float)) / TileRows * TileRows);

    private static void Block(ref Job job, float* sums, int row, int endRow, int output)
    {
        if (output + TileOutputs <= job.Outputs)
        {
            for (; row + TileRows <= endRow; row += TileRows) Tile4x4(ref job, sums, row, output);
            for (; row < endRow; row++) Tile1x4(ref job, sums, row, output);
        }
        else
        {
            for (; row < endRow; row++)
                for (int o = output; o < job.Outputs; o++) Tile1x1(ref job, row, o);
        }
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile4x4(ref Job job, float* sums, int row, int output)
    {
        int n = job.Inputs, vectorEnd = n - n % TLanes.Count;
        float* x0 = job.Input + (long)row * n, x1 = x0 + n, x2 = x1 + n, x3 = x2 + n;
        TWeight* w0 = job.Weight + (long)output * n, w1 = w0 + n, w2 = w1 + n, w3 = w2 + n;
        TLanes a00 = TLanes.Zero, a01 = TLanes.Zero, a02 = TLanes.Zero, a03 = TLanes.Zero;
        TLanes a10 = TLanes.Zero, a11 = TLanes.Zero, a12 = TLanes.Zero, a13 = TLanes.Zero;
        TLanes a20 = TLanes.Zero, a21 = TLanes.Zero, a22 = TLanes.Zero, a23 = TLanes.Zero;
        TLanes a30 = TLanes.Zero, a31 = TLanes.Zero, a32 = TLanes.Zero, a33 = TLanes.Zero;
        for (int i = 0; i < vectorEnd; i += TLanes.Count)
        {
            TLanes v0 = SimdVector<TLanes, TWeight>.Load(w0 + i), v1 = SimdVector<TLanes, TWeight>.Load(w1 + i), v2 = SimdVector<TLanes, TWeight>.Load(w2 + i), v3 = SimdVector<TLanes, TWeight>.Load(w3 + i);
            TLanes x = TLanes.Load(x0 + i);
            a00 = TLanes.MultiplyAdd(x, v0, a00); a01 = TLanes.MultiplyAdd(x, v1, a01); a02 = TLanes.MultiplyAdd(x, v2, a02); a03 = TLanes.MultiplyAdd(x, v3, a03);
            x = TLanes.Load(x1 + i);
            a10 = TLanes.MultiplyAdd(x, v0, a10); a11 = TLanes.MultiplyAdd(x, v1, a11); a12 = TLanes.MultiplyAdd(x, v2, a12); a13 = TLanes.MultiplyAdd(x, v3, a13);
            x = TLanes.Load(x2 + i);
            a20 = TLanes.MultiplyAdd(x, v0, a20); a21 = TLanes.MultiplyAdd(x, v1, a21); a22 = TLanes.MultiplyAdd(x, v2, a22); a23 = TLanes.MultiplyAdd(x, v3, a23);
            x = TLanes.Load(x3 + i);
            a30 = TLanes.MultiplyAdd(x, v0, a30); a31 = TLanes.MultiplyAdd(x, v1, a31); a32 = TLanes.MultiplyAdd(x, v2, a32); a33 = TLanes.MultiplyAdd(x, v3, a33);
        }
        // Stored at once: an accumulator that lived across a call would be spilled inside the loop (no vector register survives a call on this ABI).
        int c = TLanes.Count;
        TLanes.Store(a00, sums); TLanes.Store(a01, sums + c); TLanes.Store(a02, sums + 2 * c); TLanes.Store(a03, sums + 3 * c);
        TLanes.Store(a10, sums + 4 * c); TLanes.Store(a11, sums + 5 * c); TLanes.Store(a12, sums + 6 * c); TLanes.Store(a13, sums + 7 * c);
        TLanes.Store(a20, sums + 8 * c); TLanes.Store(a21, sums + 9 * c); TLanes.Store(a22, sums + 10 * c); TLanes.Store(a23, sums + 11 * c);
        TLanes.Store(a30, sums + 12 * c); TLanes.Store(a31, sums + 13 * c); TLanes.Store(a32, sums + 14 * c); TLanes.Store(a33, sums + 15 * c);
        Finish(ref job, sums, TileRows, row, output);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile1x4(ref Job job, float* sums, int row, int output)
    {
        int n = job.Inputs, vectorEnd = n - n % TLanes.Count;
        float* x0 = job.Input + (long)row * n;
        TWeight* w0 = job.Weight + (long)output * n, w1 = w0 + n, w2 = w1 + n, w3 = w2 + n;
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        for (int i = 0; i < vectorEnd; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(x0 + i);
            a0 = TLanes.MultiplyAdd(x, SimdVector<TLanes, TWeight>.Load(w0 + i), a0);
            a1 = TLanes.MultiplyAdd(x, SimdVector<TLanes, TWeight>.Load(w1 + i), a1);
            a2 = TLanes.MultiplyAdd(x, SimdVector<TLanes, TWeight>.Load(w2 + i), a2);
            a3 = TLanes.MultiplyAdd(x, SimdVector<TLanes, TWeight>.Load(w3 + i), a3);
        }
        int c = TLanes.Count;
        TLanes.Store(a0, sums); TLanes.Store(a1, sums + c); TLanes.Store(a2, sums + 2 * c); TLanes.Store(a3, sums + 3 * c);
        Finish(ref job, sums, 1, row, output);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile1x1(ref Job job, int row, int output)
    {
        int n = job.Inputs, vectorEnd = n - n % TLanes.Count;
        float* x = job.Input + (long)row * n;
        TWeight* w = job.Weight + (long)output * n;
        TLanes sum = TLanes.Zero;
        for (int i = 0; i < vectorEnd; i += TLanes.Count) sum = TLanes.MultiplyAdd(TLanes.Load(x + i), SimdVector<TLanes, TWeight>.Load(w + i), sum);
        Put(ref job, row, output, TLanes.Sum(sum) + Tail(x, w, vectorEnd, n));
    }

    /// <summary>Sums the lanes of a tile, adds what is left of inputs that do not fill a register, and writes the outputs.</summary>
    [MethodImpl(Compiled.AtOnce)]
    private static void Finish(ref Job job, float* sums, int rows, int row, int output)
    {
        int n = job.Inputs, vectorEnd = n - n % TLanes.Count;
        for (int r = row; r < row + rows; r++)
            for (int o = output; o < output + TileOutputs; o++, sums += TLanes.Count)
                Put(ref job, r, o, TLanes.Sum(TLanes.Load(sums)) + Tail(job.Input + (long)r * n, job.Weight + (long)o * n, vectorEnd, n));
    }

    private static float Tail(float* x, TWeight* w, int begin, int end)
    {
        float sum = 0;
        for (int i = begin; i < end; i++) sum = MathF.FusedMultiplyAdd(x[i], SimdVector<TLanes, TWeight>.Read(w + i), sum);
        return sum;
    }

    private static void Put(ref Job job, int row, int output, float value)
    {
        float* target = job.Output + (long)row * job.OutputStride + output;
        *target = job.Add ? *target + value : value;
    }
}
