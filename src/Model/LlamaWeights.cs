using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;

namespace Llama.Model;

/// <summary>The weights of a model or a part of one, in the form in which their source hands them out.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private readonly IWeightSource _source;
    private readonly WeightStream? _stream;
    private readonly UnitViews<AttentionWeights>[] _attention; // [layers]
    private readonly UnitViews<MlpWeights>[] _mlp; // [layers]
    private readonly UnitViews<Weight>? _head; // null but in the last part
    private readonly bool _bringsRows; // of the embedding

    /// <summary>Takes over source and stream.</summary>
    /// <param name="source">Of the whole model.</param>
    /// <param name="part">Which part of it; null for all.</param>
    /// <param name="stream">Of what is not always there; its units are those of the part.</param>
    public LlamaWeights(IWeightSource source, ModelPart? part = null, WeightStream? stream = null)
    {
        LlamaConfig whole = source.Config;
        (_source, Part, _stream) = (source, part ?? ModelPart.Whole(whole), stream);
        _attention = [.. Enumerable.Range(0, Part.LayerCount).Select(Attention)];
        _mlp = [.. Enumerable.Range(0, Part.LayerCount).Select(Mlp)];
        Layers = [.. Enumerable.Range(0, Part.LayerCount).Select(layer => new LayerWeights(_attention[layer].In(First(WeightUnit.Attention(layer), layer)), _mlp[layer].In(First(WeightUnit.Mlp(layer), layer))))];
        if (Part.HasHead(whole))
        {
            _head = new UnitViews<Weight>(place => Weight(CheckpointLayout.HeadOf(whole), place));
            (FinalNorm, Head) = (source.Norm(CheckpointLayout.FinalNorm), _head.In(First(WeightUnit.Head(Part.LayerCount))));
        }
        if (!Part.HasEmbedding) return;
        bool isHead = whole.TieWordEmbeddings && Head is not null && !Streams(WeightUnit.Head(Part.LayerCount)) && source.ReadsRowsOf(Head);
        Embedding = isHead ? Head : stream?.Table ?? source.Table(CheckpointLayout.Embedding);
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

    /// <summary>The attention of a layer for what is computed next; until another unit is asked for.</summary>
    public AttentionWeights UseAttention(int layer) => _attention[layer].In(Use(WeightUnit.Attention(layer)));

    /// <summary>The MLP of a layer, in the same way.</summary>
    public MlpWeights UseMlp(int layer) => _mlp[layer].In(Use(WeightUnit.Mlp(layer)));

    /// <summary>The head, in the same way.</summary>
    public Weight UseHead() => _head!.In(Use(WeightUnit.Head(Part.LayerCount)));

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

    private int Use(int unit) => _stream?.Use(unit) ?? WeightStream.Always;

    // Where a unit may be looked at before any step: of those that stream, by turns in the buffers.
    private int First(int unit, int turn = 0) => Streams(unit) ? turn % OffloadPlan.Buffers : WeightStream.Always;

    private UnitViews<AttentionWeights> Attention(int layer)
    {
        string prefix = Prefix(layer), attention = prefix + "self_attn.";
        Matrix norm = _source.Norm(prefix + "input_layernorm.weight");
        return new(place => new AttentionWeights(
            norm, Weight(attention + "q_proj.weight", place), Weight(attention + "k_proj.weight", place), Weight(attention + "v_proj.weight", place), Weight(attention + "o_proj.weight", place)));
    }

    private UnitViews<MlpWeights> Mlp(int layer)
    {
        string prefix = Prefix(layer), mlp = prefix + "mlp.";
        Matrix norm = _source.Norm(prefix + "post_attention_layernorm.weight");
        return new(place => new MlpWeights(norm, Weight(mlp + "gate_proj.weight", place), Weight(mlp + "up_proj.weight", place), Weight(mlp + "down_proj.weight", place)));
    }

    private string Prefix(int layer) => CheckpointLayout.LayerPrefix(Part.FirstLayer + layer);

    private Weight Weight(string name, int place) => place == WeightStream.Always ? _source.Weight(name) : _stream!.View(name, place);
}
