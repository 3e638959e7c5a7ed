namespace Llama.Model.Kernels;

/// <summary>What attention kernels need to know of a model.</summary>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KvHeadCount">Key and value heads; each serves HeadCount / KvHeadCount query heads (grouped-query attention).</param>
/// <param name="HeadDim">Elements per head.</param>
/// <param name="BlockSize">Tokens per block of the cache.</param>
internal sealed record AttentionShape(int HeadCount, int KvHeadCount, int HeadDim, int BlockSize)
{
    /// <summary>A model's.</summary>
    public static AttentionShape Of(LlamaConfig config, int blockSize) => new(config.HeadCount, config.KvHeadCount, config.HeadDim, blockSize);

    /// <summary>Query heads per key head.</summary>
    public int GroupSize => HeadCount / KvHeadCount;

    /// <summary>The softmax scale 1/√headDim (Vaswani et al. 2017, section 3.2.1).</summary>
    public float Scale => (float)(1 / Math.Sqrt(HeadDim));
}
