namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>The addresses and sizes of one layer's cache; see <see cref="KvLayer"/>.</summary>
internal readonly unsafe struct CacheLayout<TCache>(KvLayer cache, AttentionShape shape) where TCache : unmanaged
{
    public readonly uint* Keys = (uint*)cache.Keys.Data;
    public readonly TCache* Values = (TCache*)cache.Values.Data;
    public readonly float* KeyScales = cache.KeyScales is null ? null : cache.KeyScales.Floats;
    public readonly float* ValueScales = cache.ValueScales is null ? null : cache.ValueScales.Floats;
    public readonly int KvHeadCount = shape.KvHeadCount;
    public readonly int HeadDim = shape.HeadDim;
    public readonly int BlockSize = shape.BlockSize;

    /// <summary>Of one key.</summary>
    public readonly int Units = KvLayer.UnitsOf(shape.HeadDim, cache.Keys.Dtype);

    /// <summary>Slots that lie before a head's part of a block.</summary>
    public long FirstSlot(int block, int head) => ((long)block * KvHeadCount + head) * BlockSize;
}
