using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>The formats of 256 weights in groups whose scales are themselves quantised (ggml-quants.c, <c>dequantize_row_…_K</c>).</summary>
internal static unsafe class SuperBlocks
{
    private const int Elements = 256, Pair = 64; // two groups of 32 lie in the low and the high nibbles of the same 32 bytes

    /// <summary>Nibbles of scales and minima [16]; pairs of bits q[256]; half d, dmin: w = d · scale · q − dmin · minimum, in groups of 16.</summary>
    public static void Q2_K(byte* block, byte* codes, float* scales, float* minima)
    {
        float d = SmallBlocks.Half(block + 80), min = SmallBlocks.Half(block + 82);
        for (int group = 0; group < Elements / 16; group++) (scales[group], minima[group]) = (d * (block[group] & 15), min * (block[group] >> 4));
        for (int group = 0; group < Elements / 32; group++) Vector256.Store(PairsOf(block + 16, group), codes + group * 32);
    }

    /// <summary>Third bits [32]: bit g of byte i belongs to weight i of the g-th 32; pairs of bits [256]; 6-bit scales [16] in 12 bytes; half d: w = d · (scale − 32) · (q − 4), in groups of 16.</summary>
    public static void Q3_K(byte* block, byte* codes, float* scales, float* minima)
    {
        float d = SmallBlocks.Half(block + 108);
        byte* packed = block + 96; // the lower four bits of the first eight scales and, above them, of the last; the upper two of each fourth
        for (int group = 0; group < Elements / 16; group++)
        {
            int lower = packed[group % 8] >> (group / 8 * 4) & 15, upper = packed[8 + group % 4] >> (group / 4 * 2) & 3;
            scales[group] = d * ((lower | upper << 4) - 32);
        }
        Vector256<byte> thirds = Vector256.Load(block), offset = Vector256.Create((byte)(8 - 4));
        for (int group = 0; group < Elements / 32; group++)
        {
            Vector256<byte> third = (thirds.AsUInt16() >>> group).AsByte() & Vector256<byte>.One;
            Vector256.Store((PairsOf(block + 32, group) | (third.AsUInt16() << 2).AsByte()) + offset, codes + group * 32);
        }
    }

    /// <summary>half d; 6-bit scales [8]: their upper pairs of bits in 2 bytes, their lower nibbles in 4; nibbles [256] as in IQ4_NL: w = d · (scale − 32) · value of the nibble.</summary>
    public static void IQ4_XS(byte* block, byte* codes, float* scales, float* minima)
    {
        float d = SmallBlocks.Half(block);
        for (int group = 0; group < Elements / 32; group++)
        {
            int lower = block[4 + group / 2] >> (group % 2 * 4) & 15, upper = Unsafe.ReadUnaligned<ushort>(block + 2) >> (group * 2) & 3;
            scales[group] = d * ((lower | upper << 4) - 32);
            SmallBlocks.UnequalSteps(block + 8 + group * 16, codes + group * 32);
        }
    }

    /// <summary>half d, dmin; 6-bit scales and minima [8 + 8] in 12 bytes; nibbles q[256]: w = d · scale · q − dmin · minimum.</summary>
    public static void Q4_K(byte* block, byte* codes, float* scales, float* minima)
    {
        ReadScales(block, scales, minima);
        ReadNibbles(block + 16, codes);
    }

    /// <summary>As Q4_K, with fifth bits [32] between scales and nibbles: bit g of byte i belongs to weight i of group g.</summary>
    public static void Q5_K(byte* block, byte* codes, float* scales, float* minima)
    {
        ReadScales(block, scales, minima);
        ReadNibbles(block + 48, codes);
        Vector256<byte> fifths = Vector256.Load(block + 16);
        for (int group = 0; group < Elements / 32; group++)
        {
            Vector256<byte> bit = (fifths.AsUInt16() >>> group).AsByte() & Vector256<byte>.One;
            Vector256.Store(Vector256.Load(codes + group * 32) | (bit.AsUInt16() << 4).AsByte(), codes + group * 32);
        }
    }

    /// <summary>Low nibbles [128], upper pairs of bits [64], int8 scales [16], half d: w = d · scale · (q − 32), in groups of 16.</summary>
    public static void Q6_K(byte* block, byte* codes, float* scales, float* minima)
    {
        float d = SmallBlocks.Half(block + 208);
        for (int group = 0; group < Elements / 16; group++) scales[group] = d * ((sbyte*)block)[192 + group];
        Vector256<byte> nibble = Vector256.Create((byte)0x0f), offset = Vector256.Create((byte)(128 - 32));
        for (int half = 0; half < 2; half++)
        {
            for (int quarter = 0; quarter < 4; quarter++)
            {
                // Each half: 32 low nibbles, the next 32, then the high nibbles of both; their upper bits from the lowest pair on.
                Vector256<byte> lower = Vector256.Load(block + half * 64 + quarter % 2 * 32);
                lower = (quarter < 2 ? lower : (lower.AsUInt16() >>> 4).AsByte()) & nibble;
                Vector256<byte> upper = PairsOf(block + 128, half * 4 + quarter);
                Vector256.Store((lower | (upper.AsUInt16() << 4).AsByte()) + offset, codes + half * 128 + quarter * 32);
            }
        }
    }

    /// <summary>Pairs of bits of the given 32 weights: those of four times 32 lie in the same 32 bytes, the first lowest.</summary>
    private static Vector256<byte> PairsOf(byte* pairs, int group) => (Vector256.Load(pairs + group / 4 * 32).AsUInt16() >>> (group % 4 * 2)).AsByte() & Vector256.Create((byte)0x03);

    private static void ReadScales(byte* block, float* scales, float* minima)
    {
        float d = SmallBlocks.Half(block), min = SmallBlocks.Half(block + 2);
        byte* packed = block + 4;
        for (int group = 0; group < 8; group++)
        {
            // The first four scales and minima have bytes of their own; the upper two bits of those complete the nibbles of the last four.
            int scale = group < 4 ? packed[group] & 63 : packed[group + 4] & 15 | packed[group - 4] >> 6 << 4;
            int minimum = group < 4 ? packed[group + 4] & 63 : packed[group + 4] >> 4 | packed[group] >> 6 << 4;
            (scales[group], minima[group]) = (d * scale, min * minimum);
        }
    }

    private static void ReadNibbles(byte* nibbles, byte* codes)
    {
        Vector256<byte> low = Vector256.Create((byte)0x0f);
        for (int done = 0; done < Elements; done += Pair, nibbles += Pair / 2)
        {
            Vector256<byte> both = Vector256.Load(nibbles);
            Vector256.Store(both & low, codes + done);
            Vector256.Store((both.AsUInt16() >>> 4).AsByte() & low, codes + done + Pair / 2);
        }
    }
}
