using System.Buffers.Binary;
using Llama.Model.Checkpoints.Gguf;

namespace Llama.Model.Tests.Gguf;

/// <summary>Random blocks with the weights they stand for, from ggml's formulas one weight at a time: nothing shared with the code under test but the sizes.</summary>
internal static class RandomBlocks
{
    public static (byte[] Blocks, float[] Weights) Make(string type, int rows, int inputs)
    {
        GgufTensorType format = GgufTensorType.Find(type)!;
        var random = new Random(inputs + type.Length);
        byte[] bytes = new byte[rows * format.RowBytes(inputs)];
        random.NextBytes(bytes);
        float[] weights = new float[rows * inputs];
        for (int block = 0; block * format.Elements < weights.Length; block++)
        {
            Span<byte> at = bytes.AsSpan(block * format.Bytes, format.Bytes);
            foreach (int offset in HalfOffsets(type)) BinaryPrimitives.WriteHalfLittleEndian(at[offset..], (Half)((random.NextDouble() - 0.5) / 16)); // random bits may be no number
            for (int i = 0; i < format.Elements; i++) weights[block * format.Elements + i] = Weight(type, at, i);
        }
        return (bytes, weights);
    }

    private static int[] HalfOffsets(string type) => type switch { "Q4_1" or "Q5_1" or "Q4_K" or "Q5_K" => [0, 2], "Q6_K" => [208], "Q2_K" => [80, 82], "Q3_K" => [108], _ => [0] };

    private static float Weight(string type, ReadOnlySpan<byte> b, int i) => type switch
    {
        "Q8_0" => Half(b, 0) * (sbyte)b[2 + i],
        "Q4_0" => Half(b, 0) * (Nibble(b[2..], i) - 8),
        "Q4_1" => Half(b, 0) * Nibble(b[4..], i) + Half(b, 2),
        "Q5_0" => Half(b, 0) * ((Nibble(b[6..], i) | Bit(b[2..], i) << 4) - 16),
        "Q5_1" => Half(b, 0) * (Nibble(b[8..], i) | Bit(b[4..], i) << 4) + Half(b, 2),
        "IQ4_NL" => Half(b, 0) * Steps[Nibble(b[2..], i)],
        "IQ4_XS" => Half(b, 0) * ((b[4 + i / 64] >> i / 32 % 2 * 4 & 15 | ((b[2] | b[3] << 8) >> i / 32 * 2 & 3) << 4) - 32) * Steps[Nibble(b[(8 + i / 32 * 16)..], i % 32)],
        "Q2_K" => Half(b, 80) * (b[i / 16] & 15) * Two(b[16..], i) - Half(b, 82) * (b[i / 16] >> 4),
        "Q3_K" => Half(b, 108) * (Scale16(b[96..], i / 16) - 32) * (Two(b[32..], i) - ((b[i % 32] >> i / 32 & 1) == 0 ? 4 : 0)),
        "Q4_K" => Half(b, 0) * Scale(b[4..], i / 32) * Nibbles64(b[16..], i) - Half(b, 2) * Minimum(b[4..], i / 32),
        "Q5_K" => Half(b, 0) * Scale(b[4..], i / 32) * (Nibbles64(b[48..], i) | (b[16 + i % 32] >> (i / 32) & 1) << 4) - Half(b, 2) * Minimum(b[4..], i / 32),
        _ => Half(b, 208) * (sbyte)b[192 + i / 16] * (Six(b, i) - 32),
    };

    private static float Half(ReadOnlySpan<byte> b, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(b[offset..]);

    private static int Nibble(ReadOnlySpan<byte> b, int i) => i < 16 ? b[i] & 15 : b[i - 16] >> 4;

    private static int Two(ReadOnlySpan<byte> b, int i) => b[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;

    private static ReadOnlySpan<sbyte> Steps => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    private static int Bit(ReadOnlySpan<byte> b, int i) => b[i / 8] >> (i % 8) & 1;

    private static int Nibbles64(ReadOnlySpan<byte> b, int i) => i % 64 < 32 ? b[i / 64 * 32 + i % 32] & 15 : b[i / 64 * 32 + i % 32] >> 4;

    private static int Scale(ReadOnlySpan<byte> q, int j) => j < 4 ? q[j] & 63 : (q[j + 4] & 15) | (q[j - 4] >> 6) << 4;

    /// <summary>As ggml takes them apart: four words of four scales, from two of nibbles and one of pairs of bits.</summary>
    private static int Scale16(ReadOnlySpan<byte> q, int j)
    {
        uint nibbles = BinaryPrimitives.ReadUInt32LittleEndian(q[(j / 4 % 2 * 4)..]), pairs = BinaryPrimitives.ReadUInt32LittleEndian(q[8..]);
        uint word = (j < 8 ? nibbles : nibbles >> 4) & 0x0f0f0f0f | (pairs >> j / 4 * 2 & 0x03030303) << 4;
        return (int)(word >> j % 4 * 8 & 255);
    }

    private static int Minimum(ReadOnlySpan<byte> q, int j) => j < 4 ? q[j + 4] & 63 : (q[j + 4] >> 4) | (q[j] >> 6) << 4;

    private static int Six(ReadOnlySpan<byte> b, int i)
    {
        int half = i / 128, l = i % 32, quarter = i % 128 / 32;
        int low = b[half * 64 + l + quarter % 2 * 32], high = b[128 + half * 32 + l] >> (2 * quarter) & 3;
        return (quarter < 2 ? low & 15 : low >> 4) | high << 4;
    }
}
