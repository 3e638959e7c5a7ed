using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Llama.Model.Kernels.Machine;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>The formats with one scale for a block of 32 weights (ggml-quants.c, <c>dequantize_row_…</c>). The first half of a block's weights are the low nibbles, the second the high ones.</summary>
internal static unsafe class SmallBlocks
{
    private const int Elements = 32;

    /// <summary>half d; int8 q[32]: w = d · q.</summary>
    public static void Q8_0(byte* block, byte* codes, float* scales, float* minima)
    {
        *scales = Half(block);
        Vector256.Store(Vector256.Load(block + 2) ^ Vector256.Create((byte)0x80), codes); // q + 128
    }

    /// <summary>half d; nibbles q[32]: w = d · (q − 8).</summary>
    public static void Q4_0(byte* block, byte* codes, float* scales, float* minima)
    {
        *scales = Half(block);
        Nibbles(block + 2, codes);
    }

    /// <summary>half d, m; nibbles q[32]: w = d · q + m.</summary>
    public static void Q4_1(byte* block, byte* codes, float* scales, float* minima)
    {
        (*scales, *minima) = (Half(block), -Half(block + 2));
        Nibbles(block + 4, codes);
    }

    /// <summary>half d; u32 of fifth bits; nibbles q[32]: w = d · (q − 16).</summary>
    public static void Q5_0(byte* block, byte* codes, float* scales, float* minima)
    {
        *scales = Half(block);
        Nibbles(block + 6, codes);
        AddFifthBits(Unsafe.ReadUnaligned<uint>(block + 2), codes);
        for (int i = 0; i < Elements; i++) codes[i] += 128 - 16;
    }

    /// <summary>half d, m; u32 of fifth bits; nibbles q[32]: w = d · q + m.</summary>
    public static void Q5_1(byte* block, byte* codes, float* scales, float* minima)
    {
        (*scales, *minima) = (Half(block), -Half(block + 2));
        Nibbles(block + 8, codes);
        AddFifthBits(Unsafe.ReadUnaligned<uint>(block + 4), codes);
    }

    /// <summary>half d; nibbles [32]: w = d · value of the nibble, of 16 that lie the closer the smaller they are.</summary>
    public static void IQ4_NL(byte* block, byte* codes, float* scales, float* minima)
    {
        *scales = Half(block);
        UnequalSteps(block + 2, codes);
    }

    /// <summary>Codes of 8 bits for 32 nibbles of IQ4_NL.</summary>
    public static void UnequalSteps(byte* nibbles, byte* codes)
    {
        Nibbles(nibbles, codes);
        for (int i = 0; i < Elements; i += 16) Vector128.Store(Vector128.Shuffle(CodeTable.Values, Vector128.Load(codes + i)), codes + i);
    }

    public static float Half(byte* bytes) => (float)Unsafe.ReadUnaligned<Half>(bytes);

    private static void Nibbles(byte* bytes, byte* codes)
    {
        Vector128<byte> both = Vector128.Load(bytes), low = Vector128.Create((byte)0x0f);
        Vector128.Store(both & low, codes);
        Vector128.Store((both.AsUInt16() >>> 4).AsByte() & low, codes + Elements / 2);
    }

    private static void AddFifthBits(uint bits, byte* codes)
    {
        for (int i = 0; i < Elements; i++) codes[i] |= (byte)((bits >> i & 1) << 4);
    }
}
