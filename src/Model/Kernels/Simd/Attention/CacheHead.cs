namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>The keys, or the values, of one head throughout the cache.</summary>
internal unsafe struct CacheHead<TCache> where TCache : unmanaged
{
    /// <summary>The head's first element in slot 0.</summary>
    public TCache* First;

    /// <summary>From one slot to the next.</summary>
    public int Stride;

    public int HeadDim;

    /// <summary>The head's scale of slot 0; only of a cache of codes.</summary>
    public float* Scales;

    /// <summary>From one slot's scale to the next.</summary>
    public int ScaleStride;

    /// <summary>Another head, counted from this one.</summary>
    public readonly CacheHead<TCache> At(int head)
    {
        CacheHead<TCache> other = this;
        other.First += head * HeadDim;
        other.Scales += head;
        return other;
    }
}
