using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Rows of float32 in the types that a file may be written in; blocks are rounded as ggml's reference does (ggml-quants.c, <c>quantize_row_…_ref</c>).</summary>
internal static class RowEncoder
{
    /// <summary>The types that can be written.</summary>
    public static readonly GgufTensorType[] Types = [GgufTensorType.F32, GgufTensorType.F16, GgufTensorType.BF16, GgufTensorType.Q8_0, GgufTensorType.Q4_0];

    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="row">Whole blocks.</param>
    /// <param name="bytes">[row's bytes in that type]</param>
    public static void Encode(GgufTensorType type, ReadOnlySpan<float> row, Span<byte> bytes)
    {
        if (type == GgufTensorType.F32) MemoryMarshal.AsBytes(row).CopyTo(bytes);
        else if (type == GgufTensorType.F16) ToHalf(row, MemoryMarshal.Cast<byte, Half>(bytes));
        else if (type == GgufTensorType.BF16) FloatConversion.ToBFloat16(row, MemoryMarshal.Cast<byte, ushort>(bytes));
        else
        {
            for (int start = 0; start < row.Length; start += type.Elements, bytes = bytes[type.Bytes..])
            {
                if (type == GgufTensorType.Q8_0) ToQ8(row.Slice(start, type.Elements), bytes);
                else ToQ4(row.Slice(start, type.Elements), bytes);
            }
        }
    }

    private static void ToHalf(ReadOnlySpan<float> row, Span<Half> halves)
    {
        for (int i = 0; i < row.Length; i++) halves[i] = (Half)row[i];
    }

    // The largest magnitude becomes 127.
    private static void ToQ8(ReadOnlySpan<float> block, Span<byte> bytes)
    {
        float largest = 0;
        foreach (float value in block) largest = MathF.Max(largest, MathF.Abs(value));
        float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);
        for (int i = 0; i < block.Length; i++) bytes[2 + i] = (byte)(sbyte)MathF.Round(block[i] * inverse, MidpointRounding.AwayFromZero);
    }

    // The value of largest magnitude becomes −8, whatever its sign.
    private static void ToQ4(ReadOnlySpan<float> block, Span<byte> bytes)
    {
        float largest = 0;
        foreach (float value in block)
            if (MathF.Abs(value) > MathF.Abs(largest)) largest = value;
        float scale = largest / -8, inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);
        int half = block.Length / 2;
        for (int i = 0; i < half; i++) bytes[2 + i] = (byte)(Code(block[i]) | Code(block[i + half]) << 4);

        int Code(float value) => Math.Min(15, (int)(value * inverse + 8.5f));
    }
}
