using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>How queries and keys of a step are rotated, and where keys and values go; nothing where there is none.</summary>
internal readonly unsafe struct CudaRotation(RopeTable rope, CudaBatch batch, AttentionShape shape)
{
    /// <summary>[positions, headDim / 2] float32</summary>
    public nint Cosines { get; } = (nint)rope.Cosines.Data;

    /// <summary>[positions, headDim / 2] float32</summary>
    public nint Sines { get; } = (nint)rope.Sines.Data;

    /// <summary>[rows]</summary>
    public nint Positions { get; } = batch.Positions;

    /// <summary>[rows]; a slot of −1 is not written.</summary>
    public nint Slots { get; } = batch.Slots;

    /// <summary>Elements of a head.</summary>
    public int HeadDim { get; } = shape.HeadDim;

    /// <summary>Tokens of a block of the cache.</summary>
    public int BlockSize { get; } = shape.BlockSize;
}
