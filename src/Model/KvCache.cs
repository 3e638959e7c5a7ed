using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The paged key/value cache: per layer [blocks, blockSize, kvHeads, headDim] of keys and of values. Who owns which block is the scheduler's business.</summary>
internal sealed class KvCache : IDisposable
{
    /// <summary>Allocates without touching the memory: a CPU's pages become resident as blocks are first used.</summary>
    /// <param name="dtype">float32, bfloat16, or int8 for codes with a scale per slot and head.</param>
    public KvCache(LlamaConfig config, int blockCount, int blockSize, ScalarType dtype, Device device)
    {
        int slots = checked(blockCount * blockSize);
        Layers = new KvLayer[config.LayerCount];
        for (int layer = 0; layer < Layers.Length; layer++) Layers[layer] = new KvLayer(Elements(), Elements(), Scales(), Scales());

        Matrix Elements() => Matrix.Empty(slots, config.KvHeadCount * config.HeadDim, dtype, device);
        Matrix? Scales() => dtype == ScalarType.Int8 ? Matrix.Empty(slots, config.KvHeadCount, ScalarType.Float32, device) : null;
    }

    /// <summary>The parts by layer.</summary>
    public KvLayer[] Layers { get; }

    /// <summary>Bytes of one block over all layers.</summary>
    public static long BytesPerBlock(LlamaConfig config, int blockSize, ScalarType dtype)
    {
        int bytesPerHead = dtype switch
        {
            ScalarType.Float32 => config.HeadDim * sizeof(float),
            ScalarType.BFloat16 => config.HeadDim * sizeof(ushort),
            _ => config.HeadDim + sizeof(float), // codes and their scale
        };
        return 2L * config.LayerCount * blockSize * config.KvHeadCount * bytesPerHead;
    }

    public void Dispose()
    {
        foreach (KvLayer layer in Layers) layer.Dispose();
    }
}
