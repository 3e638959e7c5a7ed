namespace Llama.Model.Cuda;

/// <summary>
/// The arrays of a <see cref="ForwardBatch"/> in device memory, at addresses that never change, so that a captured graph reads each step's own. Rows beyond a step's own (padding up to the size
/// that a graph was captured for) have slot −1, which nothing is written to, token 0, and belong to sequences of context length 0, whose attention is 0.
/// </summary>
internal sealed class CudaBatch
{
    /// <summary>[tokens] int32</summary>
    public required nint TokenIds { get; init; }

    /// <summary>[tokens] int32</summary>
    public required nint Positions { get; init; }

    /// <summary>[tokens] int32: block · blockSize + offset, or −1.</summary>
    public required nint Slots { get; init; }

    /// <summary>[sequences + 1] int32</summary>
    public required nint TokenStarts { get; init; }

    /// <summary>[sequences] int32: tokens in the cache after this step, this step's included.</summary>
    public required nint ContextLengths { get; init; }

    /// <summary>[sequences, <see cref="BlockTableStride"/>] int32</summary>
    public required nint BlockTables { get; init; }

    /// <summary>Entries per row of <see cref="BlockTables"/>.</summary>
    public required int BlockTableStride { get; init; }
}
