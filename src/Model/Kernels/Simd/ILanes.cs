namespace Llama.Model.Kernels.Simd;

/// <summary>One SIMD register of floats. Kernels are written once over it and compiled by the JIT for each width the machine may have.</summary>
internal unsafe interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf All(float value);

    static abstract TSelf Load(float* source);

    static abstract TSelf Load(Bf16* source);

    /// <summary>Numbers from 0 to 255.</summary>
    static abstract TSelf Load(byte* source);

    static abstract void Store(TSelf value, float* target);

    /// <summary>Rounds to nearest even.</summary>
    static abstract void Store(TSelf value, Bf16* target);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>left · right + addend, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf Exp(TSelf value);

    static abstract float Sum(TSelf value);
}
