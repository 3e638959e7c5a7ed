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
        WeightRows rows = WeightRows.Of(weight);
        ForEachRow(outputs, inputs, row => RepackRow(format, Row(format, blocks, inputs, order, row), inputs, rows, row));
        return weight;
    }

    /// <summary>The weights in floating point: [outputs, inputs], float32 or bfloat16.</summary>
    public static Matrix Widen(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order, ScalarType dtype)
    {
        Matrix values = HostMemory.EmptyForReading(outputs, inputs, dtype);
        ForEachRow(outputs, inputs, row => WidenRow(format, Row(format, blocks, inputs, order, row), inputs, (byte*)values.Data, dtype, row));
        return values;
    }

    /// <summary>One row of <see cref="Repack"/>.</summary>
    /// <param name="format">Of the blocks.</param>
    /// <param name="blocks">The row's.</param>
    /// <param name="inputs">Weights of a row.</param>
    /// <param name="target">Of the rows of which they become one.</param>
    /// <param name="row">Which.</param>
    public static void RepackRow(BlockFormat format, byte* blocks, int inputs, WeightRows target, long row)
    {
        byte* read = stackalloc byte[Piece];
        byte* packed = target.Values + row * QuantizedWeight.RowBytes(inputs, format.Bits);
        for (int start = 0; start < inputs; start += Piece)
        {
            int count = Math.Min(Piece, inputs - start);
            long group = row * (inputs / format.GroupSize) + start / format.GroupSize;
            format.Read(blocks + format.Type.RowBytes(start), count, read, target.Scales + group, target.Minima is null ? null : target.Minima + group);
            CodeOrder.Pack(new ReadOnlySpan<byte>(read, count), format.Bits, format.GroupSize, new Span<byte>(packed + start * format.Bits / 8, QuantizedWeight.RowBytes(count, format.Bits)));
        }
    }

    /// <summary>One row of <see cref="Widen"/>.</summary>
    /// <param name="format">Of the blocks.</param>
    /// <param name="blocks">The row's.</param>
    /// <param name="inputs">Weights of a row.</param>
    /// <param name="values">Of the rows of which they become one.</param>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="row">Which.</param>
    public static void WidenRow(BlockFormat format, byte* blocks, int inputs, byte* values, ScalarType dtype, long row)
    {
        byte* codes = stackalloc byte[Piece];
        float* scales = stackalloc float[Piece / 16], minima = stackalloc float[Piece / 16], widened = stackalloc float[Piece];
        for (int start = 0; start < inputs; start += Piece)
        {
            int count = Math.Min(Piece, inputs - start);
            format.Read(blocks + format.Type.RowBytes(start), count, codes, scales, minima);
            byte* at = values + Matrix.BytesOf(1, row * inputs + start, dtype);
            Span<float> target = new(dtype == ScalarType.Float32 ? (float*)at : widened, count);
            format.Widen(codes, scales, minima, target);
            if (dtype != ScalarType.Float32) FloatConversion.ToBFloat16(target, new Span<ushort>(at, count));
        }
    }

    private static void ForEachRow(int outputs, int inputs, Action<long> read) => ParallelFor.Each(outputs, Math.Max(1, WeightsPerThread / inputs), read);

    private static byte* Row(BlockFormat format, byte* blocks, int inputs, RopeOrder order, long row) => blocks + order.InFile(row) * format.Type.RowBytes(inputs);
}
