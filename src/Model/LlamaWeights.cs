using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;

namespace Llama.Model;

/// <summary>The weights of a model, in the form in which their source hands them out.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private readonly IWeightSource _source;
    private readonly WeightStream? _stream;
    private readonly LayerWeights[][] _streamedLayers; // [layers][buffers], empty for those that are always there
    private readonly Weight[] _streamedHead; // [buffers]
    private readonly bool _bringsRows; // of the embedding

    /// <summary>Takes over source and stream.</summary>
    /// <param name="source">Of what is always there.</param>
    /// <param name="stream">Of what is not; its units are the layers and, last, the head.</param>
    public LlamaWeights(IWeightSource source, WeightStream? stream = null)
    {
        (_source, _stream) = (source, stream);
        _streamedLayers = [.. Enumerable.Range(0, source.Config.LayerCount).Select(StreamedLayer)];
        Layers = [.. _streamedLayers.Select((streamed, layer) => streamed.Length > 0 ? streamed[layer % streamed.Length] : Layer(layer, source.Weight))];
        FinalNorm = source.Norm("model.norm.weight");
        const string table = "model.embed_tokens.weight";
        string head = source.Config.TieWordEmbeddings ? table : "lm_head.weight";
        _streamedHead = Streams(Layers.Length) ? [.. ByBuffer(buffer => stream!.View(head, buffer))] : [];
        Head = _streamedHead.Length > 0 ? _streamedHead[0] : source.Weight(head);
        bool isHead = source.Config.TieWordEmbeddings && _streamedHead.Length == 0 && source.ReadsRowsOf(Head);
        Embedding = isHead ? Head : stream?.Table ?? source.Table(table);
        _bringsRows = stream is not null && !isHead;
    }

    /// <summary>The shape of the model.</summary>
    public LlamaConfig Config => _source.Config;

    /// <summary>[vocab, hidden]</summary>
    public Weight Embedding { get; }

    /// <summary>The layers; of one that streams the values are there only while it is used.</summary>
    public LayerWeights[] Layers { get; }

    /// <summary>[1, hidden] float32</summary>
    public Matrix FinalNorm { get; }

    /// <summary>[vocab, hidden]; the embedding itself when tied, unless that has another form, of which rows can be read.</summary>
    public Weight Head { get; }

    /// <summary>Bytes of all of them, wherever they are.</summary>
    public long ByteCount => StepByteCount + (Head == Embedding ? 0 : Embedding.ByteCount);

    /// <summary>What a step reads whatever its tokens: all but the embedding's table, of which it reads one row for each.</summary>
    public long StepByteCount => Layers.Sum(layer => layer.ByteCount) + FinalNorm.ByteCount + Head.ByteCount;

    /// <summary>A layer for what is computed next; until another one, or the head, is asked for.</summary>
    public LayerWeights UseLayer(int layer) => _stream?.Use(layer) is int buffer and >= 0 ? _streamedLayers[layer][buffer] : Layers[layer];

    /// <summary>The head, in the same way.</summary>
    public Weight UseHead() => _stream?.Use(Layers.Length) is int buffer and >= 0 ? _streamedHead[buffer] : Head;

    /// <summary>The embedding, with the rows that a batch asks for.</summary>
    public Weight UseEmbedding(ForwardBatch batch)
    {
        if (_bringsRows) _stream!.Bring(batch);
        return Embedding;
    }

    public void Dispose()
    {
        _stream?.Dispose(); // first: its threads read from the source
        Embedding.Dispose();
        FinalNorm.Dispose();
        if (Head != Embedding) Head.Dispose();
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
        string prefix = CheckpointLayout.LayerPrefix(index), attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        return new LayerWeights(
            norms?.AttentionNorm ?? _source.Norm(prefix + "input_layernorm.weight"),
            weight(attention + "q_proj.weight"), weight(attention + "k_proj.weight"), weight(attention + "v_proj.weight"), weight(attention + "o_proj.weight"),
            norms?.MlpNorm ?? _source.Norm(prefix + "post_attention_layernorm.weight"),
            weight(mlp + "gate_proj.weight"), weight(mlp + "up_proj.weight"), weight(mlp + "down_proj.weight"));
    }
}
