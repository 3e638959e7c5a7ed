namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>One head's keys and values of the positions of a span, as addresses: in the cache where its layout allows, else in a thread's memory.</summary>
internal unsafe struct SpanRows
{
    /// <summary>[span / lanes] units of as many consecutive positions: keys, first unit.</summary>
    public uint** Keys;

    /// <summary>From one unit of a key to its next.</summary>
    public int KeyStride;

    /// <summary>[span] each position's value.</summary>
    public uint** Values;

    /// <summary>[span] of a cache of codes.</summary>
    public float* KeyScales, ValueScales;

    /// <summary>Positions that there are.</summary>
    public int Count;
}
