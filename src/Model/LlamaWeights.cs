using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Parallel;

namespace Llama.Model;

/// <summary>The weights of a model or a part of one, in the form in which their source hands them out.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private const string Table = "model.embed_tokens.weight";

    private readonly IWeightSource _source;

    /// <summary>Takes over the source.</summary>
    /// <param name="source">Of the whole model.</param>
    /// <param name="part">Which part of it; null for all.</param>
    public LlamaWeights(IWeightSource source, ModelPart? part = null)
    {
        LlamaConfig whole = source.Config;
        (_source, Part) = (source, part ?? ModelPart.Whole(whole));
        Layers = [.. Enumerable.Range(Part.FirstLayer, Part.LayerCount).Select(Layer)];
        if (Part.HasHead(whole)) (FinalNorm, Head) = (source.Norm("model.norm.weight"), source.Weight(whole.TieWordEmbeddings ? Table : "lm_head.weight"));
        if (Part.HasEmbedding) Embedding = whole.TieWordEmbeddings && Head is not null && source.ReadsRowsOf(Head) ? Head : source.Table(Table);
    }

    /// <summary>Which part of its model this is.</summary>
    public ModelPart Part { get; }

    /// <summary>The shape of the part.</summary>
    public LlamaConfig Config => Part.ShapeOf(_source.Config);

    /// <summary>[vocab, hidden]; null but in the first part.</summary>
    public Weight? Embedding { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>[1, hidden] float32; null but in the last part.</summary>
    public Matrix? FinalNorm { get; }

    /// <summary>[vocab, hidden]; the embedding itself when tied and in the same part, unless that has another form, of which rows can be read. Null but in the last part.</summary>
    public Weight? Head { get; }

    /// <summary>Memory of all of them.</summary>
    public long ByteCount => StepByteCount + (Head == Embedding ? 0 : Embedding?.ByteCount ?? 0);

    /// <summary>What a step reads whatever its tokens: all but the embedding's table, of which it reads one row for each.</summary>
    public long StepByteCount => Layers.Sum(layer => layer.ByteCount) + (FinalNorm?.ByteCount ?? 0) + (Head?.ByteCount ?? 0);

    public void Dispose()
    {
        Embedding?.Dispose();
        FinalNorm?.Dispose();
        if (Head != Embedding) Head?.Dispose();
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
