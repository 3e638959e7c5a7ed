using Llama.Model.Checkpoints;
using Llama.Model.Kernels;

namespace Llama.Model;

/// <summary>The weights of a model, in the form in which their source hands them out.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private readonly IWeightSource _source;

    /// <summary>Takes over the source.</summary>
    public LlamaWeights(IWeightSource source)
    {
        _source = source;
        Layers = [.. Enumerable.Range(0, source.Config.LayerCount).Select(Layer)];
        FinalNorm = source.Norm("model.norm.weight");
        const string table = "model.embed_tokens.weight";
        Head = source.Weight(source.Config.TieWordEmbeddings ? table : "lm_head.weight");
        Embedding = source.Config.TieWordEmbeddings && source.ReadsRowsOf(Head) ? Head : source.Table(table);
    }

    /// <summary>The shape of the model.</summary>
    public LlamaConfig Config => _source.Config;

    /// <summary>[vocab, hidden]</summary>
    public Weight Embedding { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>[1, hidden] float32</summary>
    public Matrix FinalNorm { get; }

    /// <summary>[vocab, hidden]; the embedding itself when tied, unless that has another form, of which rows can be read.</summary>
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
        _source.Dispose();
    }

    private LayerWeights Layer(int index)
    {
        string prefix = $"model.layers.{index}.", attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        return new LayerWeights(
            _source.Norm(prefix + "input_layernorm.weight"),
            _source.Weight(attention + "q_proj.weight"), _source.Weight(attention + "k_proj.weight"), _source.Weight(attention + "v_proj.weight"), _source.Weight(attention + "o_proj.weight"),
            _source.Norm(prefix + "post_attention_layernorm.weight"),
            _source.Weight(mlp + "gate_proj.weight"), _source.Weight(mlp + "up_proj.weight"), _source.Weight(mlp + "down_proj.weight"));
    }
}
