using Llama.Model.Threads;
using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>
/// A weight in 8- or 4-bit codes with a scale for each group of inputs: w = scale · code − minimum, where minimum = scale · zero point.
/// <para>
/// A row of codes is a sequence of 64-byte chunks, one SIMD register each: 64 codes of 8 bits, or 128 codes of 4 bits whose first 64 are the low nibbles and whose last 64 are the high
/// ones. The row is padded to whole chunks with the zero point. Within each 64 codes the order is the one in which groups narrower than 64 inputs meet their scales lane by lane:
/// byte 4·lane + i holds input (lane / n)·4 + (lane % n)·group + i, where n = max(1, 64 / group). For groups of 64 and more that is the natural order.
/// </para>
/// </summary>
internal sealed class QuantizedWeight(int inputs, int bits, int groupSize, Matrix codes, Matrix scales, Matrix? minima) : Weight(codes.Rows, inputs)
{
    /// <summary>Codes that fill one register of 8-bit lanes.</summary>
    public const int Chunk = 64;

    private const long WeightsPerThread = 1 << 18;

    /// <summary>Memory for a weight of this form, not filled.</summary>
    public static QuantizedWeight Allocate(int outputs, int inputs, int bits, int groupSize, bool hasMinima)
    {
        int groups = (inputs + groupSize - 1) / groupSize;
        return new QuantizedWeight(inputs, bits, groupSize, Empty(RowBytes(inputs, bits), ScalarType.Byte), Empty(groups, ScalarType.Float32), hasMinima ? Empty(groups, ScalarType.Float32) : null);

        Matrix Empty(int columns, ScalarType dtype) => HostMemory.EmptyForReading(outputs, columns, dtype);
    }

    /// <summary>Bytes of a weight of this form where it is multiplied.</summary>
    /// <param name="outputs">Its rows.</param>
    /// <param name="inputs">Of a row.</param>
    /// <param name="bits">Of a code.</param>
    /// <param name="groupSize">Inputs that share a scale.</param>
    /// <param name="hasMinima">Whether groups have minima.</param>
    /// <param name="isHost">Whether that is on the processor, as here; a GPU's may have some padding beside.</param>
    public static long BytesOf(long outputs, int inputs, int bits, int groupSize, bool hasMinima, bool isHost) =>
        outputs * (RowBytes(inputs, bits) + (inputs + groupSize - 1) / groupSize * (long)ScaleBytes(hasMinima, isHost));

    /// <summary>Bytes of a group's scale and minimum: a GPU has scales without minima in float16.</summary>
    public static int ScaleBytes(bool hasMinima, bool isHost) => hasMinima ? 2 * sizeof(float) : isHost ? sizeof(float) : sizeof(ushort);

    /// <summary>8 or 4.</summary>
    public int Bits { get; } = bits;

    /// <summary>Inputs that share a scale: 16, 32, 64, 128, 256, or the whole row (<see cref="Weight.Inputs"/>).</summary>
    public int GroupSize { get; } = groupSize;

    /// <summary>Groups in a row; the last may be short.</summary>
    public int GroupCount => (Inputs + GroupSize - 1) / GroupSize;

    /// <summary>[outputs, bytes] U8; see the type's remarks.</summary>
    public Matrix Codes { get; } = codes;

    /// <summary>[outputs, groups] float32</summary>
    public Matrix Scales { get; } = scales;

    /// <summary>[outputs, groups] float32; null when symmetric: the minimum then is the scale times <see cref="ZeroPoint"/>.</summary>
    public Matrix? Minima { get; } = minima;

    /// <summary>The code of 0 in a symmetric weight: 128 of 8 bits, 8 of 4.</summary>
    public int ZeroPoint => 1 << (Bits - 1);

    /// <summary>Bytes of codes, scales and minima.</summary>
    public override long ByteCount => Codes.ByteCount + Scales.ByteCount + (Minima?.ByteCount ?? 0);

    public override bool OwnsMemory => Codes.OwnsMemory;

    public override unsafe IReadOnlyList<MemoryPart> Parts =>
        [.. new[] { Codes, Scales, Minima }.OfType<Matrix>().Select(matrix => new MemoryPart((nint)matrix.Data, matrix.ByteCount))];

    /// <summary>Bytes of a row of codes: whole chunks.</summary>
    public static int RowBytes(int inputs, int bits) => (inputs * bits + Chunk * 8 - 1) / (Chunk * 8) * Chunk;

    /// <summary>The same weight in floating point: widened to float32 and, for bfloat16, rounded. Both on the host.</summary>
    public unsafe DenseWeight ToDense(ScalarType dtype)
    {
        Matrix values = HostMemory.EmptyForReading(Outputs, Inputs, dtype);
        ParallelFor.Run(Outputs, Math.Max(1, WeightsPerThread / Inputs), (begin, end) =>
        {
            byte[] codes = new byte[Inputs];
            float[] widened = new float[Inputs];
            for (long row = begin; row < end; row++)
            {
                WidenRow(row, codes, widened);
                if (dtype == ScalarType.Float32) widened.CopyTo(new Span<float>(values.Floats + row * Inputs, Inputs));
                else FloatConversion.ToBFloat16(widened, new Span<ushort>((ushort*)values.Data + row * Inputs, Inputs));
            }
        });
        return new DenseWeight(values);
    }

    /// <summary>One row in float32; on the host.</summary>
    /// <param name="row">Which.</param>
    /// <param name="codes">[inputs] room for its codes.</param>
    /// <param name="widened">[inputs] receives it.</param>
    public unsafe void WidenRow(long row, Span<byte> codes, Span<float> widened)
    {
        CodeOrder.Unpack(new ReadOnlySpan<byte>((byte*)Codes.Data + row * Codes.Columns, Codes.Columns), Bits, GroupSize, codes);
        for (int group = 0, i = 0; group < GroupCount; group++)
        {
            long at = row * GroupCount + group;
            float scale = Scales.Floats[at], minimum = Minima is null ? 0 : Minima.Floats[at];
            int zero = Minima is null ? ZeroPoint : 0;
            for (int end = Math.Min(Inputs, i + GroupSize); i < end; i++) widened[i] = (codes[i] - zero) * scale - minimum;
        }
    }

    public override Tensor Widen(Tensor? rows = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar zero = ZeroPoint; // held through the call, see PlainKernels
        Tensor codes = Select(Codes, rows), scales = Spread(Select(Scales, rows));
        Tensor widened = Minima is null
            ? (Natural(codes) - zero) * scales
            : Natural(codes) * scales - Spread(Select(Minima, rows));
        return widened.MoveToOuterDisposeScope();
    }

    public override bool HasFormatOf(Weight other) => base.HasFormatOf(other) && other is QuantizedWeight codes && codes.Bits == Bits && codes.GroupSize == GroupSize && codes.Minima is null == Minima is null;

    public override void Dispose()
    {
        Codes.Dispose();
        Scales.Dispose();
        Minima?.Dispose();
    }

    private static Tensor Select(Matrix matrix, Tensor? rows) => rows is null ? matrix.Tensor : matrix.Tensor.index_select(0, rows);

    /// <summary>[rows, bytes] U8 to [rows, inputs] float32, in the inputs' own order.</summary>
    private Tensor Natural(Tensor codes)
    {
        long count = codes.shape[0];
        if (Bits == 4)
        {
            Tensor chunks = codes.reshape(count, -1, 1, Chunk);
            codes = cat([chunks.bitwise_and(15), chunks.bitwise_right_shift(4)], 2);
        }
        int groups = Math.Max(1, Chunk / GroupSize); // of those that a register holds
        Tensor lanes = codes.reshape(count, -1, Chunk / 4 / groups, groups, 4).transpose(2, 3);
        return lanes.reshape(count, -1).narrow(1, 0, Inputs).to(ScalarType.Float32);
    }

    /// <summary>[rows, groups] to [rows, inputs]</summary>
    private Tensor Spread(Tensor perGroup) => perGroup.repeat_interleave(GroupSize, 1).narrow(1, 0, Inputs);
}
