using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Plain;

/// <summary>Reading and writing the paged cache in torch operations. Tensors made here belong to the caller's dispose scope.</summary>
internal static class PlainCache
{
    /// <summary>Writes keys to their slots.</summary>
    /// <param name="heads">[tokens, kvHeads, headDim] float32</param>
    /// <param name="slots">[tokens]</param>
    public static void StoreKeys(Tensor heads, Tensor slots, AttentionShape shape, KvLayer cache)
    {
        (Tensor elements, Tensor? scales) = Encode(heads, cache.Keys.Dtype);
        int perUnit = KvLayer.PerUnit(cache.Keys.Dtype), units = KvLayer.UnitsOf(shape.HeadDim, cache.Keys.Dtype);
        elements = nn.functional.pad(elements, [0, units * perUnit - shape.HeadDim]).reshape(heads.shape[0], shape.KvHeadCount, units, perUnit);
        Put(KeyView(cache.Keys, shape), slots, shape, elements);
        if (scales is not null) Put(SlotView(cache.KeyScales!, shape), slots, shape, scales);
    }

    /// <summary>Writes values to their slots.</summary>
    /// <param name="heads">[tokens, kvHeads, headDim] float32</param>
    /// <param name="slots">[tokens]</param>
    public static void StoreValues(Tensor heads, Tensor slots, AttentionShape shape, KvLayer cache)
    {
        (Tensor elements, Tensor? scales) = Encode(heads, cache.Values.Dtype);
        Put(SlotView(cache.Values, shape), slots, shape, elements);
        if (scales is not null) Put(SlotView(cache.ValueScales!, shape), slots, shape, scales);
    }

    /// <summary>Reads the keys of some slots: [heads, slots, headDim] float32, each key head once for each of its query heads.</summary>
    public static Tensor LoadKeys(KvLayer cache, Tensor slots, AttentionShape shape)
    {
        Tensor heads = Get(KeyView(cache.Keys, shape), slots, shape).flatten(2).narrow(2, 0, shape.HeadDim); // [context, kvHeads, headDim]
        if (cache.KeyScales is not null) heads = heads * Get(SlotView(cache.KeyScales, shape), slots, shape);
        return heads.transpose(0, 1).repeat_interleave(shape.GroupSize, 0);
    }

    /// <summary>Reads the values of some slots: [heads, slots, headDim] float32, each value head once for each of its query heads.</summary>
    public static Tensor LoadValues(KvLayer cache, Tensor slots, AttentionShape shape)
    {
        Tensor heads = Get(SlotView(cache.Values, shape), slots, shape);
        if (cache.ValueScales is not null) heads = heads * Get(SlotView(cache.ValueScales, shape), slots, shape);
        return heads.transpose(0, 1).repeat_interleave(shape.GroupSize, 0);
    }

    // Codes: x / scale to the nearest, scale = max |x| / 127 of each slot's head.
    private static (Tensor Elements, Tensor? Scales) Encode(Tensor heads, ScalarType dtype)
    {
        if (dtype != ScalarType.Int8) return (heads.to(dtype), null);
        using Scalar least = KvLayer.SmallestPeak, largest = KvLayer.LargestCode;
        Tensor scales = heads.abs().amax([-1], keepdim: true).clamp_min(least) / largest;
        return ((heads / scales).round().to(dtype), scales);
    }

    // Keys: the cache as [blocks, blockSize, kvHeads, units, elements per unit]; a last unit that the head does not fill is filled up with zeros.
    private static Tensor KeyView(Matrix keys, AttentionShape shape) =>
        keys.Tensor.view(keys.Rows, shape.KvHeadCount, -1, shape.BlockSize, KvLayer.PerUnit(keys.Dtype)).permute(0, 3, 1, 2, 4);

    // Values and scales: the cache as [blocks, blockSize, kvHeads, elements]
    private static Tensor SlotView(Matrix elements, AttentionShape shape) => elements.Tensor.view(elements.Rows, shape.KvHeadCount, shape.BlockSize, -1).transpose(1, 2);

    private static void Put(Tensor view, Tensor slots, AttentionShape shape, Tensor rows) => view.index_put_(rows, Places(slots, shape.BlockSize));

    private static Tensor Get(Tensor view, Tensor slots, AttentionShape shape) => view[Places(slots, shape.BlockSize)].to(ScalarType.Float32);

    // The block of each slot, and where in it.
    private static TensorIndex[] Places(Tensor slots, int blockSize)
    {
        using Scalar size = blockSize;
        return [TensorIndex.Tensor(slots.div(size, RoundingMode.floor)), TensorIndex.Tensor(slots.remainder(size))];
    }
}
