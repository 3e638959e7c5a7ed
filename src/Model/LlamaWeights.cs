using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>A checkpoint's weights on a device. On a CPU, matrices already of the wanted type stay where they are: in the mapped file.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly ScalarType _dtype;
    private readonly Device _device;

    /// <summary>Takes over the checkpoint.</summary>
    public LlamaWeights(Checkpoint checkpoint, ScalarType dtype, Device device)
    {
        (_checkpoint, _dtype, _device) = (checkpoint, dtype, device);
        Embedding = Weight("model.embed_tokens.weight");
        Layers = [.. Enumerable.Range(0, checkpoint.Config.LayerCount).Select(Layer)];
        FinalNorm = Norm("model.norm.weight");
        Head = checkpoint.Config.TieWordEmbeddings ? Embedding : Weight("lm_head.weight");
    }

    /// <summary>[vocab, hidden]</summary>
    public Weight Embedding { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>[1, hidden] float32</summary>
    public Matrix FinalNorm { get; }

    /// <summary>[vocab, hidden]; the embedding itself when tied.</summary>
    public Weight Head { get; }

    /// <summary>Memory of all of them.</summary>
    public long ByteCount => StepByteCount + (Head == Embedding ? 0 : Embedding.ByteCount);

    /// <summary>What a step reads whatever its tokens: all but the embedding's table, of which it reads one row for each.</summary>
    public long StepByteCount => Layers.Sum(layer => layer.ByteCount) + FinalNorm.ByteCount + Head.ByteCount;

    public void Dispose()
    {
        Embedding.Dispose();
        FinalNorm.Dispose();
        if (Head != Embedding) Head.Dispose();
        foreach (LayerWeights layer in Layers) layer.Dispose();
        _checkpoint.Dispose();
    }

    private LayerWeights Layer(int index)
    {
        string prefix = $"model.layers.{index}.", attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        return new LayerWeights(
            Norm(prefix + "input_layernorm.weight"),
            Weight(attention + "q_proj.weight"), Weight(attention + "k_proj.weight"), Weight(attention + "v_proj.weight"), Weight(attention + "o_proj.weight"),
            Norm(prefix + "post_attention_layernorm.weight"),
            Weight(mlp + "gate_proj.weight"), Weight(mlp + "up_proj.weight"), Weight(mlp + "down_proj.weight"));
    }

    private Matrix Norm(string name) => Matrix.Of(_checkpoint.Load(name, ScalarType.Float32, _device));

    private DenseWeight Weight(string name)
    {
        if (_device.type == TorchSharp.DeviceType.CPU)
        {
            Tensor mapped = _checkpoint.Map(name);
            if (mapped.dtype == _dtype) return new DenseWeight(Matrix.Of(mapped));
            mapped.Dispose();
        }
        return new DenseWeight(Matrix.Of(_checkpoint.Load(name, _dtype, _device)));
    }
}
