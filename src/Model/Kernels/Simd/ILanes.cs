namespace Llama.Model.Kernels.Simd;

/// <summary>One SIMD register of floats. Kernels are written once over it and compiled by the JIT for each width the machine may have.</summary>
internal unsafe interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf All(float value);

    static abstract TSelf Load(float* source);

    static abstract TSelf Load(Bf16* source);

    static abstract TSelf Load(sbyte* source);

    /// <summary>Numbers from 0 to 255.</summary>
    static abstract TSelf Load(byte* source);

    static abstract void Store(TSelf value, float* target);

    /// <summary>Rounds to nearest even.</summary>
    static abstract void Store(TSelf value, Bf16* target);

    /// <summary>Rounds to nearest even; no value may be beyond ±127.</summary>
    static abstract void Store(TSelf value, sbyte* target);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>left · right + addend, rounded once where the machine can.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf Max(TSelf left, TSelf right);

    static abstract TSelf Min(TSelf left, TSelf right);

    static abstract TSelf Abs(TSelf value);

    static abstract float Sum(TSelf value);

    static abstract float Max(TSelf value);

    /// <summary>2ⁿ for whole n from −126 to 127.</summary>
    /// <param name="shifted">n + <see cref="Lanes.Shifter"/>: the low bits of such a float are n itself.</param>
    static abstract TSelf PowerOfTwo(TSelf shifted);

    /// <summary>One of the two bfloat16 in each 32-bit unit.</summary>
    /// <param name="units">[Count]</param>
    /// <param name="part">0 for the one first in memory, or 1.</param>
    static abstract TSelf Half(uint* units, int part);

    /// <summary>One of the four signed bytes in each 32-bit unit.</summary>
    /// <param name="units">[Count]</param>
    /// <param name="part">0 for the one first in memory, up to 3.</param>
    static abstract TSelf Quarter(uint* units, int part);
}
