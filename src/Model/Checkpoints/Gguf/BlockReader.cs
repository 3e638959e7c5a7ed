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
        int groups = inputs / format.GroupSize, rowBytes = QuantizedWeight.RowBytes(inputs, format.Bits);
        QuantizedWeight weight = QuantizedWeight.Allocate(outputs, inputs, format.Bits, format.GroupSize, format.HasMinima);
        ForEachPiece(outputs, inputs, (row, start, count) =>
        {
            byte* read = stackalloc byte[Piece];
            long group = row * groups + start / format.GroupSize, packed = row * rowBytes + start * format.Bits / 8;
            format.Read(Block(format, blocks, inputs, order, row, start), count, read, weight.Scales.Floats + group, weight.Minima is null ? null : weight.Minima.Floats + group);
            CodeOrder.Pack(new ReadOnlySpan<byte>(read, count), format.Bits, format.GroupSize, new Span<byte>((byte*)weight.Codes.Data + packed, QuantizedWeight.RowBytes(count, format.Bits)));
        });
        return weight;
    }

    /// <summary>The weights in floating point: [outputs, inputs], float32 or bfloat16.</summary>
    public static Matrix Widen(BlockFormat format, byte* blocks, int outputs, int inputs, RopeOrder order, ScalarType dtype)
    {
        Matrix values = HostMemory.EmptyForReading(outputs, inputs, dtype);
        ForEachPiece(outputs, inputs, (row, start, count) =>
        {
            byte* codes = stackalloc byte[Piece];
            float* scales = stackalloc float[Piece / 16], minima = stackalloc float[Piece / 16], widened = stackalloc float[Piece];
            format.Read(Block(format, blocks, inputs, order, row, start), count, codes, scales, minima);
            long at = row * inputs + start;
            Span<float> target = new(dtype == ScalarType.Float32 ? values.Floats + at : widened, count);
            format.Widen(codes, scales, minima, target);
            if (dtype != ScalarType.Float32) FloatConversion.ToBFloat16(target, new Span<ushort>((ushort*)values.Data + at, count));
        });
        return values;
    }

    private static void ForEachPiece(int outputs, int inputs, Action<long, int, int> read) => ParallelFor.Run(outputs, Math.Max(1, WeightsPerThread / inputs), (begin, end) =>
    {
        for (long row = begin; row < end; row++)
            for (int start = 0; start < inputs; start += Piece) read(row, start, Math.Min(Piece, inputs - start));
    });

    private static byte* Block(BlockFormat format, byte* blocks, int inputs, RopeOrder order, long row, int start) =>
        blocks + order.InFile(row) * format.Type.RowBytes(inputs) + format.Type.RowBytes(start);
}
