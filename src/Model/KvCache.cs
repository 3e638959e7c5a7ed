using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The paged key/value cache, layer by layer. Who owns which block is the scheduler's business.</summary>
internal sealed class KvCache : IDisposable
{
    /// <summary>Allocates without touching the memory: a CPU's pages become resident as blocks are first used.</summary>
    /// <param name="dtype">float32, bfloat16, or int8 for codes with a scale per slot and head.</param>
    public KvCache(LlamaConfig config, int blockCount, int blockSize, ScalarType dtype, DeviceMemory memory)
    {
        AttentionShape shape = AttentionShape.Of(config, blockSize);
        Layers = [.. Enumerable.Range(0, config.LayerCount).Select(_ => KvLayer.Empty(blockCount, shape, dtype, memory))];
    }

    /// <summary>The parts by layer.</summary>
    public KvLayer[] Layers { get; }

    /// <summary>What the setting <c>Model:KvDtype</c> asks for; auto is the type that the weights are multiplied in.</summary>
    /// <exception cref="ArgumentException">No such type.</exception>
    public static ScalarType DtypeOf(string setting, ScalarType weights) => setting switch
    {
        "auto" => weights,
        "bfloat16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        "int8" => ScalarType.Int8,
        _ => throw new ArgumentException($"Model:KvDtype is '{setting}'; use auto, bfloat16, float32 or int8."),
    };

    /// <summary>Bytes of one block over all layers.</summary>
    public static long BytesPerBlock(LlamaConfig config, int blockSize, ScalarType dtype) =>
        config.LayerCount * blockSize * KvLayer.BytesPerSlot(AttentionShape.Of(config, blockSize), dtype);

    public void Dispose()
    {
        foreach (KvLayer layer in Layers) layer.Dispose();
    }
}
