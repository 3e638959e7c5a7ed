using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Makes matrices of the blocks in a file, by rows and on all threads; rows are put in this program's order on the way.</summary>
internal static unsafe class BlockReader
{
    private const int Piece = 2048; // codes on their way, in whole blocks and chunks; they stay in the L1 cache
    private const long WeightsPerThread = 1 << 18;

    /// <summary>The weights as they are, in the form in which kernels take codes.</summary>
    public static QuantizedWeight Repack(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order)
    {
        QuantizedWeight weight = QuantizedWeight.Allocate(outputs, inputs, format.Bits, format.GroupSize, format.HasMinima);
        ForEachRow(outputs, inputs, row => RepackRow(format, Row(format, blocks, inputs, order, row), weight, row));
        return weight;
    }

    /// <summary>The weights in floating point: [outputs, inputs], float32 or bfloat16.</summary>
    public static Matrix Widen(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order, ScalarType dtype)
    {
        Matrix values = HostMemory.EmptyForReading(outputs, inputs, dtype);
        ForEachRow(outputs, inputs, row => WidenRow(format, Row(format, blocks, inputs, order, row), values, row));
        return values;
    }

    /// <summary>One row of <see cref="Repack"/>.</summary>
    /// <param name="format">Of the blocks.</param>
    /// <param name="blocks">The row's.</param>
    /// <param name="weight">Whose row they become.</param>
    /// <param name="row">Which.</param>
    public static void RepackRow(BlockFormat format, byte* blocks, QuantizedWeight weight, long row)
    {
        byte* read = stackalloc byte[Piece];
        byte* packed = (byte*)weight.Codes.Data + row * weight.Codes.Columns;
        for (int start = 0; start < weight.Inputs; start += Piece)
        {
            int count = Math.Min(Piece, weight.Inputs - start);
            long group = row * weight.Scales.Columns + start / format.GroupSize;
            format.Read(blocks + format.Type.RowBytes(start), count, read, weight.Scales.Floats + group, weight.Minima is null ? null : weight.Minima.Floats + group);
            CodeOrder.Pack(new ReadOnlySpan<byte>(read, count), format.Bits, format.GroupSize, new Span<byte>(packed + start * format.Bits / 8, QuantizedWeight.RowBytes(count, format.Bits)));
        }
    }

    /// <summary>One row of <see cref="Widen"/>.</summary>
    /// <param name="format">Of the blocks.</param>
    /// <param name="blocks">The row's.</param>
    /// <param name="values">Whose row they become.</param>
    /// <param name="row">Which.</param>
    public static void WidenRow(BlockFormat format, byte* blocks, Matrix values, long row)
    {
        byte* codes = stackalloc byte[Piece];
        float* scales = stackalloc float[Piece / 16], minima = stackalloc float[Piece / 16], widened = stackalloc float[Piece];
        for (int start = 0; start < values.Columns; start += Piece)
        {
            int count = Math.Min(Piece, values.Columns - start);
            format.Read(blocks + format.Type.RowBytes(start), count, codes, scales, minima);
            long at = row * values.Columns + start;
            Span<float> target = new(values.Dtype == ScalarType.Float32 ? values.Floats + at : widened, count);
            format.Widen(codes, scales, minima, target);
            if (values.Dtype != ScalarType.Float32) FloatConversion.ToBFloat16(target, new Span<ushort>((ushort*)values.Data + at, count));
        }
    }

    private static void ForEachRow(int outputs, int inputs, Action<long> read) => ParallelFor.Run(outputs, Math.Max(1, WeightsPerThread / inputs), (begin, end) =>
    {
        for (long row = begin; row < end; row++) read(row);
    });

    private static byte* Row(BlockFormat format, byte* blocks, int inputs, RopeOrder order, long row) => blocks + order.InFile(row) * format.Type.RowBytes(inputs);
}
