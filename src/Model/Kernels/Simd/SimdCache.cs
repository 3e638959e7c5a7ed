using Llama.Model.Kernels.Simd.Attention;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>The kernels that read and write the KV cache, whatever type its elements have, with the memory that they keep from call to call.</summary>
internal sealed unsafe class SimdCache<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private readonly AttentionPlan _plan = new();
    private readonly ScratchMemory _memory = new();
    private readonly int _threads = ParallelFor.Team.ThreadCount;

    /// <inheritdoc cref="IKernels.CopyBlocks" />
    public static void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        foreach (BlockCopy copy in batch.Copies.AsSpan(0, batch.CopyCount))
        {
            CopyBlock(cache.Keys, copy, shape.BlockSize);
            CopyBlock(cache.Values, copy, shape.BlockSize);
            if (cache.KeyScales is not null) CopyBlock(cache.KeyScales, copy, shape.BlockSize);
            if (cache.ValueScales is not null) CopyBlock(cache.ValueScales, copy, shape.BlockSize);
        }
    }

    /// <inheritdoc cref="IKernels.RotateAndStore" />
    public static void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        switch (cache.Keys.Dtype)
        {
            case ScalarType.Float32: SimdRope<TLanes, float>.Run(queries, keys, values, rope, batch, shape, cache); break;
            case ScalarType.BFloat16: SimdRope<TLanes, Bf16>.Run(queries, keys, values, rope, batch, shape, cache); break;
            default: SimdRope<TLanes, sbyte>.Run(queries, keys, values, rope, batch, shape, cache); break;
        }
    }

    /// <inheritdoc cref="IKernels.Attend" />
    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        switch (cache.Keys.Dtype)
        {
            case ScalarType.Float32: SimdAttention<TLanes, float>.Run(queries, batch, shape, cache, output, _plan, _memory, _threads); break;
            case ScalarType.BFloat16: SimdAttention<TLanes, Bf16>.Run(queries, batch, shape, cache, output, _plan, _memory, _threads); break;
            default: SimdAttention<TLanes, sbyte>.Run(queries, batch, shape, cache, output, _plan, _memory, _threads); break;
        }
    }

    private static void CopyBlock(Matrix matrix, BlockCopy copy, int blockSize)
    {
        long bytes = (long)blockSize * matrix.Columns * matrix.Tensor.ElementSize;
        byte* data = (byte*)matrix.Data;
        Buffer.MemoryCopy(data + copy.Source * bytes, data + copy.Target * bytes, bytes, bytes);
    }
}
