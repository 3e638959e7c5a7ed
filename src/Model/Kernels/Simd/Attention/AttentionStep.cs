namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>What a thread does next: one span of one tile.</summary>
internal unsafe struct AttentionStep
{
    /// <summary>Null when nothing is left to do.</summary>
    public AttentionTile* Tile;

    public int Span;

    /// <summary>Whether the tile's other spans are other steps of any thread; else this thread goes through all in order.</summary>
    public bool IsAlone;

    /// <summary>Whether the tile's rows come to the thread with this step.</summary>
    public readonly bool IsFirst => IsAlone || Span == 0;
}
