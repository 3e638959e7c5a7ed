using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd;

/// <summary>Vector loops that the kernels share, over float32 rows and rows of a stored type (float, <see cref="Bf16"/> or sbyte).</summary>
internal static unsafe class SimdVector<TLanes, TStored> where TLanes : struct, ILanes<TLanes> where TStored : unmanaged
{
    /// <summary>Converts a stored row to float32.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Widen(TStored* source, float* target, int count)
    {
        int i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count) TLanes.Store(Load(source + i), target + i);
        for (; i < count; i++) target[i] = Read(source + i);
    }

    /// <summary>Converts a float32 row to the stored type, rounding to nearest even.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Narrow(float* source, TStored* target, int count)
    {
        int i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count) Put(TLanes.Load(source + i), target + i);
        for (; i < count; i++) Write(source[i], target + i);
    }

    /// <summary>Σ x·y, in four sums: one would wait for each product before it.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static float Dot(float* x, TStored* y, int count)
    {
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        int i = 0, n = TLanes.Count;
        for (; i + 4 * n <= count; i += 4 * n)
        {
            a = TLanes.MultiplyAdd(TLanes.Load(x + i), Load(y + i), a);
            b = TLanes.MultiplyAdd(TLanes.Load(x + i + n), Load(y + i + n), b);
            c = TLanes.MultiplyAdd(TLanes.Load(x + i + 2 * n), Load(y + i + 2 * n), c);
            d = TLanes.MultiplyAdd(TLanes.Load(x + i + 3 * n), Load(y + i + 3 * n), d);
        }
        for (; i + n <= count; i += n) a = TLanes.MultiplyAdd(TLanes.Load(x + i), Load(y + i), a);
        float total = TLanes.Sum(a + b + (c + d));
        for (; i < count; i++) total = MathF.FusedMultiplyAdd(x[i], Read(y + i), total);
        return total;
    }

    /// <summary>target = factor · x</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Scale(TStored* x, float factor, float* target, int count)
    {
        TLanes scale = TLanes.All(factor);
        int i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count) TLanes.Store(Load(x + i) * scale, target + i);
        for (; i < count; i++) target[i] = Read(x + i) * factor;
    }

    /// <summary>target *= factors, whole registers.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Multiply(float* target, float* factors, int count)
    {
        for (int i = 0; i < count; i += TLanes.Count) TLanes.Store(TLanes.Load(target + i) * TLanes.Load(factors + i), target + i);
    }

    /// <summary>Four registers one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TLanes a, TLanes b, TLanes c, TLanes d, float* target)
    {
        TLanes.Store(a, target);
        TLanes.Store(b, target + TLanes.Count);
        TLanes.Store(c, target + 2 * TLanes.Count);
        TLanes.Store(d, target + 3 * TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load(TStored* source)
    {
        if (typeof(TStored) == typeof(sbyte)) return TLanes.Load((sbyte*)source);
        return typeof(TStored) == typeof(Bf16) ? TLanes.Load((Bf16*)source) : TLanes.Load((float*)source);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(TStored* source)
    {
        if (typeof(TStored) == typeof(sbyte)) return *(sbyte*)source;
        return typeof(TStored) == typeof(Bf16) ? ((Bf16*)source)->ToFloat() : *(float*)source;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(TLanes value, TStored* target)
    {
        if (typeof(TStored) == typeof(sbyte)) TLanes.Store(value, (sbyte*)target);
        else if (typeof(TStored) == typeof(Bf16)) TLanes.Store(value, (Bf16*)target);
        else TLanes.Store(value, (float*)target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(float value, TStored* target)
    {
        if (typeof(TStored) == typeof(sbyte)) *(sbyte*)target = (sbyte)MathF.Round(value);
        else if (typeof(TStored) == typeof(Bf16)) *(Bf16*)target = Bf16.From(value);
        else *(float*)target = value;
    }
}
