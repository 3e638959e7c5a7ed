using System.Numerics;
using System.Runtime.InteropServices;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>Between the types of weights. Rounding is to nearest, ties to even; a NaN stays one.</summary>
internal static unsafe class FloatConversion
{
    private const int Piece = 1024; // elements on their way in float32; they stay in the L1 cache
    private const long PerThread = 1 << 16;

    /// <summary>Converts a run of elements on all threads; of equal types it copies.</summary>
    /// <param name="source">float32, float16 or bfloat16, or anything if the types are equal.</param>
    /// <param name="from">Its type.</param>
    /// <param name="target">float32 or bfloat16.</param>
    /// <param name="to">Its type.</param>
    /// <param name="count">Elements.</param>
    public static void Run(void* source, ScalarType from, void* target, ScalarType to, long count)
    {
        Check(from, to);
        int bytesFrom = Matrix.ElementBytes(from), bytesTo = Matrix.ElementBytes(to);
        ParallelFor.Run(count, PerThread, (begin, end) => RunHere((byte*)source + begin * bytesFrom, from, (byte*)target + begin * bytesTo, to, end - begin));
    }

    /// <summary>The same on the calling thread.</summary>
    public static void RunHere(byte* source, ScalarType from, byte* target, ScalarType to, long count)
    {
        int bytesFrom = Matrix.ElementBytes(from), bytesTo = Matrix.ElementBytes(to);
        if (from == to) NativeMemory.Copy(source, target, (nuint)(count * bytesFrom));
        else for (long done = 0; done < count; done += Piece, source += Piece * bytesFrom, target += Piece * bytesTo) Convert(source, from, target, to, (int)Math.Min(Piece, count - done));
    }

    /// <summary>float32 to bfloat16.</summary>
    public static void ToBFloat16(ReadOnlySpan<float> values, Span<ushort> rounded)
    {
        ReadOnlySpan<Vector<uint>> from = MemoryMarshal.Cast<float, Vector<uint>>(values);
        Span<Vector<ushort>> to = MemoryMarshal.Cast<ushort, Vector<ushort>>(rounded);
        int vectors = Math.Min(to.Length, from.Length / 2);
        for (int i = 0; i < vectors; i++) to[i] = Vector.Narrow(Round(from[2 * i]), Round(from[2 * i + 1]));
        for (int i = vectors * Vector<ushort>.Count; i < values.Length; i++) rounded[i] = (ushort)Round(new Vector<uint>(BitConverter.SingleToUInt32Bits(values[i])))[0];
    }

    /// <summary>bfloat16 to float32.</summary>
    public static void FromBFloat16(ReadOnlySpan<ushort> values, Span<float> widened) => Widen(values, widened, &OfBFloat16);

    /// <summary>float16 to float32.</summary>
    public static void FromHalf(ReadOnlySpan<ushort> values, Span<float> widened) => Widen(values, widened, &OfHalf);

    private static void Check(ScalarType from, ScalarType to)
    {
        if (from != to && (to is not (ScalarType.Float32 or ScalarType.BFloat16) || from is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16)))
            throw new ArgumentException($"There is no conversion of {from} to {to}.");
    }

    private static void Convert(void* source, ScalarType from, void* target, ScalarType to, int count)
    {
        float* room = stackalloc float[Piece];
        Span<float> values = new(from == ScalarType.Float32 ? source : to == ScalarType.Float32 ? target : room, count);
        if (from == ScalarType.Float16) FromHalf(new ReadOnlySpan<ushort>(source, count), values);
        if (from == ScalarType.BFloat16) FromBFloat16(new ReadOnlySpan<ushort>(source, count), values);
        if (to == ScalarType.BFloat16) ToBFloat16(values, new Span<ushort>(target, count));
    }

    private static void Widen(ReadOnlySpan<ushort> values, Span<float> widened, delegate*<Vector<uint>, Vector<uint>> convert)
    {
        ReadOnlySpan<Vector<ushort>> from = MemoryMarshal.Cast<ushort, Vector<ushort>>(values);
        Span<Vector<uint>> to = MemoryMarshal.Cast<float, Vector<uint>>(widened);
        for (int i = 0; i < from.Length; i++)
        {
            Vector.Widen(from[i], out Vector<uint> low, out Vector<uint> high);
            (to[2 * i], to[2 * i + 1]) = (convert(low), convert(high));
        }
        for (int i = from.Length * Vector<ushort>.Count; i < values.Length; i++) widened[i] = BitConverter.UInt32BitsToSingle(convert(new Vector<uint>(values[i]))[0]);
    }

    private static Vector<uint> Round(Vector<uint> bits)
    {
        Vector<uint> isNumber = Vector.LessThanOrEqual(bits & new Vector<uint>(0x7fffffff), new Vector<uint>(0x7f800000));
        return Vector.ConditionalSelect(isNumber, bits + new Vector<uint>(0x7fff) + (bits >>> 16 & Vector<uint>.One), new Vector<uint>(0x7fc00000)) >>> 16;
    }

    private static Vector<uint> OfBFloat16(Vector<uint> bits) => bits << 16;

    // The exponent is moved by a product, which numbers below the normal ones survive; infinity and NaN get the exponent that float32 has for them.
    private static Vector<uint> OfHalf(Vector<uint> bits)
    {
        const float exponents = 5.192296858534828e33f; // 2^(127 − 15)
        Vector<uint> size = bits & new Vector<uint>(0x7fff), noNumber = Vector.GreaterThanOrEqual(size, new Vector<uint>(0x7c00));
        Vector<uint> moved = Vector.AsVectorUInt32(Vector.AsVectorSingle(size << 13) * new Vector<float>(exponents));
        return moved | noNumber & new Vector<uint>(0x7f800000) | (bits & new Vector<uint>(0x8000)) << 16;
    }
}
