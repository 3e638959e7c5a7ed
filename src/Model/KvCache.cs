using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The paged key/value cache: per layer [blocks, blockSize, kvHeads, headDim] of keys and of values. Who owns which block is the scheduler's business.</summary>
internal sealed class KvCache : IDisposable
{
    /// <summary>Allocates without touching the memory: a CPU's pages become resident as blocks are first used.</summary>
    public KvCache(LlamaConfig config, int blockCount, int blockSize, ScalarType dtype, Device device)
    {
        int slots = checked(blockCount * blockSize), columns = config.KvHeadCount * config.HeadDim;
        Layers = new KvLayer[config.LayerCount];
        for (int layer = 0; layer < Layers.Length; layer++)
            Layers[layer] = new KvLayer(Matrix.Empty(slots, columns, dtype, device), Matrix.Empty(slots, columns, dtype, device));
    }

    /// <summary>The parts by layer.</summary>
    public KvLayer[] Layers { get; }

    /// <summary>Bytes of one block over all layers.</summary>
    public static long BytesPerBlock(LlamaConfig config, int blockSize, ScalarType dtype) =>
        2L * config.LayerCount * blockSize * config.KvHeadCount * config.HeadDim * (dtype == ScalarType.Float32 ? 4 : 2);

    public void Dispose()
    {
        foreach (KvLayer layer in Layers)
        {
            layer.Keys.Dispose();
            layer.Values.Dispose();
        }
    }
}
