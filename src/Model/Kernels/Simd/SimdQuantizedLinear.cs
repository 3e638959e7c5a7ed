using System.Runtime.InteropServices;
using Llama.Model.Threads;
using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>
/// Matrix products against codes: a few weight rows at a time are widened to float32 within the cache and multiplied there, as <see cref="SimdLinear{TLanes,TWeight}"/> does with rows
/// that lie in memory so. A row's result does not depend on the other rows of the step.
/// </summary>
internal static unsafe class SimdQuantizedLinear<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int TileOutputs = 4, TorchBlockElements = 2 << 20;
    private const long WorkPerThread = 128 << 10; // multiply-adds worth waking a thread for

    private struct Job
    {
        public CodeRows Weight;
        public float* Input; // [rows, inputs]
        public float* Output; // [rows, outputs]
        public int Rows;
        public bool Add;
    }

    private struct WidenJob
    {
        public CodeRows Weight;
        public int FirstRow;
        public float* Target; // [rows, padded inputs]
    }

    /// <summary>output = input · weightᵀ, or output += when <paramref name="add"/>.</summary>
    public static void Run(Matrix input, QuantizedWeight weight, Matrix output, bool add)
    {
        Job job = new() { Weight = new CodeRows(weight), Input = input.Floats, Output = output.Floats, Rows = input.Rows, Add = add };
        int tiles = (weight.Outputs + TileOutputs - 1) / TileOutputs;
        ParallelFor.Run(tiles, Math.Max(1, WorkPerThread / ((long)TileOutputs * weight.Inputs * input.Rows)), &Tiles, &job);
    }

    /// <summary>The same through libtorch, for so many rows that its blocked products win.</summary>
    public static void RunTorch(Matrix input, QuantizedWeight weight, Matrix output, bool add)
    {
        WidenJob job = new() { Weight = new CodeRows(weight) };
        int blockRows = Math.Clamp(TorchBlockElements / weight.Inputs, 1, weight.Outputs);
        using Matrix block = HostMemory.Instance.Empty(blockRows, job.Weight.PaddedInputs, ScalarType.Float32);
        job.Target = block.Floats;
        for (; job.FirstRow < weight.Outputs; job.FirstRow += blockRows)
        {
            int count = Math.Min(blockRows, weight.Outputs - job.FirstRow);
            ParallelFor.Run(count, Math.Max(1, WorkPerThread / weight.Inputs), &WidenRows, &job);
            using Tensor rows = block.Tensor.narrow(0, 0, count), widened = rows.narrow(1, 0, weight.Inputs), columns = widened.t();
            using Tensor product = mm(input.Tensor, columns), target = output.Tensor.narrow(1, job.FirstRow, count);
            using Scalar whole = 1; // held through the call, see PlainKernels
            using Tensor result = add ? target.add_(product, whole) : target.copy_(product);
        }
    }

    /// <summary>See <see cref="IKernels.Embed"/>.</summary>
    public static void Embed(QuantizedWeight table, ReadOnlySpan<int> tokenIds, Matrix output, int firstToken)
    {
        CodeRows rows = new(table);
        byte* codes = Allocate(rows, 1);
        float* values = (float*)(codes + rows.PaddedInputs);
        for (int t = 0; t < tokenIds.Length; t++)
        {
            int row = tokenIds[t] - firstToken;
            Span<float> target = new(output.Floats + (long)t * rows.Inputs, rows.Inputs);
            target.Clear();
            if ((uint)row >= (uint)table.Outputs) continue;
            rows.Widen<TLanes>(row, codes, values);
            new ReadOnlySpan<float>(values, rows.Inputs).CopyTo(target);
        }
        NativeMemory.AlignedFree(codes);
    }

    private static void Tiles(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        byte* codes = Allocate(job.Weight, TileOutputs);
        float* values = (float*)(codes + job.Weight.PaddedInputs); // [tile outputs, inputs]
        int inputs = job.Weight.Inputs, outputs = job.Weight.Outputs, blockRows = SimdLinear<TLanes, float>.BlockRows(inputs);
        for (int row = 0; row < job.Rows; row += blockRows)
            for (int output = (int)begin * TileOutputs; output < Math.Min(outputs, end * TileOutputs); output += TileOutputs)
            {
                int count = Math.Min(TileOutputs, outputs - output);
                // Row by row in order: each may write into the place of the next.
                for (int o = 0; o < count; o++) job.Weight.Widen<TLanes>(output + o, codes, values + (long)o * inputs);
                SimdLinear<TLanes, float>.Tile(job.Input + (long)row * inputs, Math.Min(blockRows, job.Rows - row), values, count, inputs, job.Output + (long)row * outputs + output, outputs, job.Add);
            }
        NativeMemory.AlignedFree(codes);
    }

    private static void WidenRows(long begin, long end, void* state)
    {
        ref WidenJob job = ref *(WidenJob*)state;
        byte* codes = Allocate(job.Weight, 0);
        for (long row = begin; row < end; row++) job.Weight.Widen<TLanes>(job.FirstRow + row, codes, job.Target + row * job.Weight.PaddedInputs);
        NativeMemory.AlignedFree(codes);
    }

    /// <summary>Room for the codes of a row and behind them the values of some. Not managed, a few per step.</summary>
    private static byte* Allocate(in CodeRows weight, int rows) =>
        (byte*)NativeMemory.AlignedAlloc((nuint)(weight.PaddedInputs * (1 + (long)rows * sizeof(float))), QuantizedWeight.Chunk);
}
