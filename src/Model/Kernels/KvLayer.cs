using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>
/// One layer's part of the KV cache: float32, bfloat16, or 8-bit codes with a scale for each slot and head. Within a block each head's part is contiguous, and keys lie
/// transposed: the kernels hold positions in the lanes of a register. What lies together of a key is a unit of 32 bits: 1, 2 or 4 elements.
/// </summary>
/// <param name="Keys">[blocks, kvHeads · units · blockSize · elements per unit], rotated.</param>
/// <param name="Values">[blocks, kvHeads · blockSize · headDim]</param>
/// <param name="KeyScales">[blocks, kvHeads · blockSize] float32: key = scale · code. Null when the elements are no codes.</param>
/// <param name="ValueScales">[blocks, kvHeads · blockSize] float32</param>
internal sealed record KvLayer(Matrix Keys, Matrix Values, Matrix? KeyScales, Matrix? ValueScales) : IDisposable
{
    /// <summary>The largest code; the smallest is its negative.</summary>
    public const float LargestCode = 127;

    /// <summary>What stands for the largest absolute value of a head that is smaller, so that no scale is 0.</summary>
    public const float SmallestPeak = 1e-30f;

    /// <summary>Allocates without touching the memory.</summary>
    /// <param name="dtype">float32, bfloat16, or int8 for codes.</param>
    public static KvLayer Empty(int blockCount, AttentionShape shape, ScalarType dtype, DeviceMemory memory)
    {
        return new KvLayer(Elements(UnitsOf(shape.HeadDim, dtype) * PerUnit(dtype), dtype), Elements(shape.HeadDim, dtype), Scales(), Scales());

        Matrix Elements(int perSlot, ScalarType type) => memory.Empty(blockCount, shape.KvHeadCount * shape.BlockSize * perSlot, type);
        Matrix? Scales() => dtype == ScalarType.Int8 ? Elements(1, ScalarType.Float32) : null;
    }

    /// <summary>Elements in 32 bits.</summary>
    public static int PerUnit(ScalarType dtype) => dtype switch { ScalarType.Float32 => 1, ScalarType.BFloat16 => 2, _ => 4 };

    /// <summary>Units of one key of one head.</summary>
    public static int UnitsOf(int headDim, ScalarType dtype) => (headDim + PerUnit(dtype) - 1) / PerUnit(dtype);

    /// <summary>Bytes of keys and values of one slot.</summary>
    public static long BytesPerSlot(AttentionShape shape, ScalarType dtype)
    {
        int key = UnitsOf(shape.HeadDim, dtype) * sizeof(uint), value = shape.HeadDim * sizeof(uint) / PerUnit(dtype);
        return (long)shape.KvHeadCount * (key + value + (dtype == ScalarType.Int8 ? 2 * sizeof(float) : 0));
    }

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
        KeyScales?.Dispose();
        ValueScales?.Dispose();
    }
}
