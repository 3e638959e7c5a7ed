using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;

namespace Llama.Model;

/// <summary>The weights of a model or a part of one, in the form in which their source hands them out.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private const string Table = "model.embed_tokens.weight";

    private readonly IWeightSource _source;
    private readonly WeightStream? _stream;
    private readonly LayerWeights[][] _streamedLayers; // [layers][buffers], empty for those that are always there
    private readonly Weight[] _streamedHead = []; // [buffers]
    private readonly bool _bringsRows; // of the embedding

    /// <summary>Takes over source and stream.</summary>
    /// <param name="source">Of the whole model.</param>
    /// <param name="part">Which part of it; null for all.</param>
    /// <param name="stream">Of what is not always there: units are the part's layers and, last, the head.</param>
    public LlamaWeights(IWeightSource source, ModelPart? part = null, WeightStream? stream = null)
    {
        LlamaConfig whole = source.Config;
        (_source, Part, _stream) = (source, part ?? ModelPart.Whole(whole), stream);
        _streamedLayers = [.. Enumerable.Range(0, Part.LayerCount).Select(StreamedLayer)];
        Layers = [.. _streamedLayers.Select((streamed, layer) => streamed.Length > 0 ? streamed[layer % streamed.Length] : Layer(layer, source.Weight))];
        if (Part.HasHead(whole))
        {
            string head = whole.TieWordEmbeddings ? Table : "lm_head.weight";
            if (Streams(Part.LayerCount)) _streamedHead = [.. ByBuffer(buffer => stream!.View(head, buffer))];
            (FinalNorm, Head) = (source.Norm("model.norm.weight"), _streamedHead.Length > 0 ? _streamedHead[0] : source.Weight(head));
        }
        if (!Part.HasEmbedding) return;
        bool isHead = whole.TieWordEmbeddings && Head is not null && _streamedHead.Length == 0 && source.ReadsRowsOf(Head);
        Embedding = isHead ? Head : stream?.Table ?? source.Table(Table);
        _bringsRows = stream is not null && !isHead;
    }

    /// <summary>Which part of its model this is.</summary>
    public ModelPart Part { get; }

    /// <summary>The shape of the part.</summary>
    public LlamaConfig Config => Part.ShapeOf(_source.Config);

    /// <summary>[vocab, hidden]; null but in the first part.</summary>
    public Weight? Embedding { get; }

    /// <summary>The layers; of one that streams the values are there only while it is used.</summary>
    public LayerWeights[] Layers { get; }

    /// <summary>[1, hidden] float32; null but in the last part.</summary>
    public Matrix? FinalNorm { get; }

    /// <summary>[vocab, hidden]; the embedding itself when tied and in the same part, unless that has another form, of which rows can be read. Null but in the last part.</summary>
    public Weight? Head { get; }

    /// <summary>Bytes of all of them, wherever they are.</summary>
    public long ByteCount => StepByteCount + (Head == Embedding ? 0 : Embedding?.ByteCount ?? 0);

    /// <summary>What a step reads whatever its tokens: all but the embedding's table, of which it reads one row for each.</summary>
    public long StepByteCount => Layers.Sum(layer => layer.ByteCount) + (FinalNorm?.ByteCount ?? 0) + (Head?.ByteCount ?? 0);

    /// <summary>A layer for what is computed next; until another one, or the head, is asked for.</summary>
    public LayerWeights UseLayer(int layer) => _stream?.Use(layer) is int buffer and >= 0 ? _streamedLayers[layer][buffer] : Layers[layer];

    /// <summary>The head, in the same way.</summary>
    public Weight UseHead() => _stream?.Use(Layers.Length) is int buffer and >= 0 ? _streamedHead[buffer] : Head!;

    /// <summary>The embedding, with the rows that a batch asks for; null but in the first part.</summary>
    public Weight? UseEmbedding(ForwardBatch batch)
    {
        if (_bringsRows) _stream!.Bring(batch);
        return Embedding;
    }

    public void Dispose()
    {
        _stream?.Dispose(); // first: its threads read from the source
        Embedding?.Dispose();
        FinalNorm?.Dispose();
        if (Head != Embedding) Head?.Dispose();
        foreach (LayerWeights layer in Layers) layer.Dispose();
        _source.Dispose();
    }

    private bool Streams(int unit) => _stream?.Holds(unit) == true;

    private LayerWeights[] StreamedLayer(int layer)
    {
        if (!Streams(layer)) return [];
        LayerWeights? first = null; // whose norms all share
        return [.. ByBuffer(buffer => first = Layer(layer, name => _stream!.View(name, buffer), first))];
    }

    private static IEnumerable<T> ByBuffer<T>(Func<int, T> view) => Enumerable.Range(0, OffloadPlan.Buffers).Select(view);

    private LayerWeights Layer(int index, Func<string, Weight> weight, LayerWeights? norms = null)
    {
        string prefix = $"{CheckpointLayout.LayersPrefix}{Part.FirstLayer + index}.", attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        return new LayerWeights(
            norms?.AttentionNorm ?? _source.Norm(prefix + "input_layernorm.weight"),
            weight(attention + "q_proj.weight"), weight(attention + "k_proj.weight"), weight(attention + "v_proj.weight"), weight(attention + "o_proj.weight"),
            norms?.MlpNorm ?? _source.Norm(prefix + "post_attention_layernorm.weight"),
            weight(mlp + "gate_proj.weight"), weight(mlp + "up_proj.weight"), weight(mlp + "down_proj.weight"));
    }
}
