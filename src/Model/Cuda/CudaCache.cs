using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Writes the paged cache, by <c>cache.cu</c>. On a device keys lie as values do: [blocks, kvHeads, blockSize, headDim], and scales [blocks, kvHeads, blockSize]; a <see cref="KvLayer"/> has room
/// for just that. All launches can be captured.
/// </summary>
internal sealed unsafe class CudaCache
{
    private const int Threads = 256, Warp = 32, UnitBytes = 16;

    private readonly AttentionShape _shape;
    private readonly CudaKernel _rotateAndStore, _copyBlocks;

    /// <summary>Compiles the kernels.</summary>
    public CudaCache(CudaStream stream, CudaAttentionForm form)
    {
        _shape = form.Shape;
        CudaModule module = stream.Load(form.Unit("cache.cu"));
        (_rotateAndStore, _copyBlocks) = (module.Kernel("rotate_and_store"), module.Kernel("copy_blocks"));
    }

    /// <summary>Rotates queries (in place) and keys by their positions and writes keys and values to their slots.</summary>
    /// <param name="queries">[tokens, heads · headDim] of the activations' type</param>
    /// <param name="keys">[tokens, kvHeads · headDim]</param>
    /// <param name="values">[tokens, kvHeads · headDim]</param>
    /// <param name="rope">In device memory.</param>
    /// <param name="batch">Positions and slots; a slot of −1 is not written.</param>
    /// <param name="cache">Of the layer.</param>
    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, CudaBatch batch, KvLayer cache)
    {
        int heads = _shape.HeadCount + 2 * _shape.KvHeadCount, atOnce = Threads / Warp;
        _rotateAndStore.Launch(new LaunchShape(queries.Rows, (heads + atOnce - 1) / atOnce, 1, Threads),
            queries.Data, keys.Data, values.Data, rope.Cosines.Data, rope.Sines.Data, batch.Positions, batch.Slots,
            cache.Keys.Data, cache.Values.Data, DataOf(cache.KeyScales), DataOf(cache.ValueScales));
    }

    /// <summary>cache[target] = cache[source] for each pair, one after the other.</summary>
    /// <param name="pairs">[count] <see cref="BlockCopy"/> in device memory</param>
    /// <param name="count">How many.</param>
    /// <param name="cache">Of the layer.</param>
    public void CopyBlocks(nint pairs, int count, KvLayer cache)
    {
        Copy(cache.Keys);
        Copy(cache.Values);
        if (cache.KeyScales is not null) Copy(cache.KeyScales);
        if (cache.ValueScales is not null) Copy(cache.ValueScales);

        void Copy(Matrix part)
        {
            int units = part.Columns * Matrix.ElementBytes(part.Dtype) / UnitBytes;
            _copyBlocks.Launch(new LaunchShape((units + Threads - 1) / Threads, 1, 1, Threads), part.Data, pairs, count, units);
        }
    }

    private static void* DataOf(Matrix? scales) => scales is null ? null : scales.Data;
}
