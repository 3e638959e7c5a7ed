using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Simd.Attention;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>The kernels that read and write the KV cache, whatever type its elements have.</summary>
/// <param name="threads">Most that attention is cut for.</param>
/// <param name="machine">Generated code for attention over a cache in bfloat16, queries and weights in bfloat16 too; null for none.</param>
internal sealed unsafe class SimdCache<TLanes>(int threads, MachineAttention? machine) where TLanes : struct, ILanes<TLanes>
{
    private readonly AttentionMemory _memory = new();

    /// <inheritdoc cref="IKernels.CopyBlocks" />
    public static void CopyBlocks(ForwardBatch batch, KvLayer cache)
    {
        foreach (BlockCopy copy in batch.Copies.AsSpan(0, batch.CopyCount))
        {
            CopyBlock(cache.Keys, copy);
            CopyBlock(cache.Values, copy);
            if (cache.KeyScales is not null) CopyBlock(cache.KeyScales, copy);
            if (cache.ValueScales is not null) CopyBlock(cache.ValueScales, copy);
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
            case ScalarType.Float32: SimdAttention<TLanes, float>.Run(queries, batch, shape, cache, output, _memory, threads, machine: null); break;
            case ScalarType.BFloat16: SimdAttention<TLanes, Bf16>.Run(queries, batch, shape, cache, output, _memory, threads, machine); break;
            default: SimdAttention<TLanes, sbyte>.Run(queries, batch, shape, cache, output, _memory, threads, machine: null); break;
        }
    }

    private static void CopyBlock(Matrix blocks, BlockCopy copy)
    {
        long bytes = Matrix.BytesOf(1, blocks.Columns, blocks.Dtype);
        byte* data = (byte*)blocks.Data;
        Buffer.MemoryCopy(data + copy.Source * bytes, data + copy.Target * bytes, bytes, bytes);
    }
}
