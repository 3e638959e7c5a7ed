using System.Runtime.Intrinsics;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>The formats of 256 weights in groups whose scales are themselves quantised (ggml-quants.c, <c>dequantize_row_…_K</c>).</summary>
internal static unsafe class SuperBlocks
{
    private const int Elements = 256, Pair = 64; // two groups of 32 lie in the low and the high nibbles of the same 32 bytes

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
        Vector256<byte> nibble = Vector256.Create((byte)0x0f), pair = Vector256.Create((byte)0x03), offset = Vector256.Create((byte)(128 - 32));
        for (int half = 0; half < 2; half++)
        {
            Vector256<byte> upper = Vector256.Load(block + 128 + half * 32);
            for (int quarter = 0; quarter < 4; quarter++)
            {
                // Each half: 32 low nibbles, the next 32, then the high nibbles of both; their upper bits from the lowest pair on.
                Vector256<byte> lower = Vector256.Load(block + half * 64 + quarter % 2 * 32);
                lower = (quarter < 2 ? lower : (lower.AsUInt16() >>> 4).AsByte()) & nibble;
                Vector256<byte> bits = (upper.AsUInt16() >>> (2 * quarter)).AsByte() & pair;
                Vector256.Store((lower | (bits.AsUInt16() << 4).AsByte()) + offset, codes + half * 128 + quarter * 32);
            }
        }
    }

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
