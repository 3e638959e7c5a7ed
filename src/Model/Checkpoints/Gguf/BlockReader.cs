using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Makes matrices of the blocks in a file, by rows and on all threads; rows are put in this program's order on the way.</summary>
internal static unsafe class BlockReader
{
    private const int Piece = 2048; // codes on their way, in whole blocks and chunks; they stay in the L1 cache
    private const long WeightsPerThread = 1 << 18;

    private struct Job
    {
        public GCHandle Format; // of a BlockFormat
        public byte* Blocks;
        public byte* Codes; // [outputs, bytes]
        public float* Scales; // [outputs, groups]
        public float* Minima; // [outputs, groups], or null
        public void* Values; // [outputs, inputs] float32 or bfloat16
        public bool IsSingle;
        public int Inputs;
        public RopeOrder Order;

        public readonly BlockFormat Read => (BlockFormat)Format.Target!;
    }

    /// <summary>The weights as they are, in the form in which kernels take codes.</summary>
    public static QuantizedWeight Repack(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order)
    {
        int groups = inputs / format.GroupSize;
        Matrix codes = Matrix.Empty(outputs, QuantizedWeight.RowBytes(inputs, format.Bits), ScalarType.Byte, CPU);
        Matrix scales = Matrix.Empty(outputs, groups, ScalarType.Float32, CPU);
        Matrix? minima = format.HasMinima ? Matrix.Empty(outputs, groups, ScalarType.Float32, CPU) : null;
        Run(format, outputs, &RepackRows, new Job
        {
            Blocks = blocks,
            Codes = (byte*)codes.Data,
            Scales = scales.Floats,
            Minima = minima is null ? null : minima.Floats,
            Inputs = inputs,
            Order = order,
        });
        return new QuantizedWeight(inputs, format.Bits, format.GroupSize, codes, scales, minima);
    }

    /// <summary>The weights in floating point: [outputs, inputs], float32 or bfloat16.</summary>
    public static Tensor Widen(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order, ScalarType dtype)
    {
        Tensor values = empty(outputs, inputs, dtype: dtype);
        Run(format, outputs, &WidenRows, new Job { Blocks = blocks, Values = TensorMemory.Data(values), IsSingle = dtype == ScalarType.Float32, Inputs = inputs, Order = order });
        return values;
    }

    private static void Run(BlockFormat format, int outputs, delegate*<long, long, void*, void> body, Job job)
    {
        job.Format = GCHandle.Alloc(format);
        ParallelFor.Run(outputs, Math.Max(1, WeightsPerThread / job.Inputs), body, &job);
        job.Format.Free();
    }

    private static void RepackRows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        BlockFormat format = job.Read;
        byte* codes = stackalloc byte[Piece];
        int rowBytes = QuantizedWeight.RowBytes(job.Inputs, format.Bits), groups = job.Inputs / format.GroupSize;
        for (long row = begin; row < end; row++)
        {
            for (int start = 0; start < job.Inputs; start += Piece)
            {
                int count = Math.Min(Piece, job.Inputs - start);
                long group = row * groups + start / format.GroupSize;
                format.Read(Block(ref job, format, row, start), count, codes, job.Scales + group, job.Minima + (format.HasMinima ? group : 0));
                int at = start * format.Bits / 8;
                CodeOrder.Pack(new ReadOnlySpan<byte>(codes, count), format.Bits, format.GroupSize, new Span<byte>(job.Codes + row * rowBytes + at, rowBytes - at));
            }
        }
    }

    private static void WidenRows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        BlockFormat format = job.Read;
        byte* codes = stackalloc byte[Piece];
        float* scales = stackalloc float[Piece / 16], minima = stackalloc float[Piece / 16], values = stackalloc float[Piece];
        for (long row = begin; row < end; row++)
        {
            for (int start = 0; start < job.Inputs; start += Piece)
            {
                int count = Math.Min(Piece, job.Inputs - start);
                format.Read(Block(ref job, format, row, start), count, codes, scales, minima);
                long at = row * job.Inputs + start;
                format.Widen(codes, scales, minima, new Span<float>(job.IsSingle ? (float*)job.Values + at : values, count));
                if (!job.IsSingle) RandomWeights.ToBFloat16(new ReadOnlySpan<float>(values, count), new Span<ushort>((ushort*)job.Values + at, count));
            }
        }
    }

    private static byte* Block(ref Job job, BlockFormat format, long row, int start) =>
        job.Blocks + job.Order.InFile(row) * format.Type.RowBytes(job.Inputs) + format.Type.RowBytes(start);
}
