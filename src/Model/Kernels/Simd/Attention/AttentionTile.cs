namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>Some consecutive tokens of a sequence and the query heads of one key head: rows that read the same keys and values together.</summary>
internal struct AttentionTile
{
    /// <summary>In the batch.</summary>
    public int Sequence;

    /// <summary>Token row of the batch.</summary>
    public int FirstToken;

    public int TokenCount;

    public int KvHead;

    /// <summary>Position of the first token; the others follow it.</summary>
    public int FirstPosition;

    /// <summary>Spans of the context that the last token sees.</summary>
    public int SpanCount;

    /// <summary>Where the states of its spans start, in rows; −1 when one thread goes through all spans.</summary>
    public int FirstState;

    /// <summary>Spans still to be done; who finishes the last one merges them.</summary>
    public int Remaining;
}
