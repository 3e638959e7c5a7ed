using Llama.Model.Parallel;

namespace Llama.Model.Checkpoints;

/// <summary>Which tensors, under which Hugging Face names, a Llama of a given configuration consists of.</summary>
internal static class CheckpointLayout
{
    /// <summary>Begins the names of all tensors that belong to a layer.</summary>
    public const string LayersPrefix = "model.layers.";

    /// <summary>The names of what there is but once: the table of the embedding, [vocab, hidden], the norm behind the last layer, [hidden], and the head where that is not the embedding, [vocab, hidden].</summary>
    public const string Embedding = "model.embed_tokens.weight", FinalNorm = "model.norm.weight", OwnHead = "lm_head.weight";

    /// <summary>A tensor that a checkpoint must hold; of any floating type where none is given.</summary>
    public readonly record struct ExpectedTensor(string Name, long[] Shape, TensorDtype? Dtype = null)
    {
        /// <summary>Product of its sizes.</summary>
        public long ElementCount => Shape.Aggregate(1L, (product, size) => checked(product * size));
    }

    /// <summary>What the files of a checkpoint hold: the model's tensors, or in place of a quantised one its codes, scales and minima.</summary>
    public static IEnumerable<ExpectedTensor> Stored(LlamaConfig config) => Expected(config).SelectMany(tensor =>
        config.Quantization?.TypeOf(tensor.Name, config.TieWordEmbeddings) is { } type ? QuantizedTensors.Of(tensor, type) : [tensor]);

    /// <summary>Bytes of them.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="dtype">Of those that may be of any floating type.</param>
    public static long StoredBytes(LlamaConfig config, TensorDtype dtype) => Stored(config).Sum(tensor => tensor.ElementCount * (tensor.Dtype ?? dtype).Size());

    // A linear layer's weight is [out, in]: y = x · Wᵀ.
    public static IEnumerable<ExpectedTensor> Expected(LlamaConfig config) => Expected(config, ModelPart.Whole(config));

    /// <summary>Those of a part; of a tied model the first part and the last each hold the embedding.</summary>
    public static IEnumerable<ExpectedTensor> Expected(LlamaConfig config, ModelPart part)
    {
        long hidden = config.HiddenSize, queries = (long)config.HeadCount * config.HeadDim, keys = (long)config.KvHeadCount * config.HeadDim;
        if (part.HasEmbedding || (part.HasHead(config) && config.TieWordEmbeddings)) yield return new(Embedding, [config.VocabSize, hidden]);
        for (int layer = part.FirstLayer; layer < part.EndLayer; layer++)
        {
            string prefix = LayerPrefix(layer);
            yield return new(prefix + "input_layernorm.weight", [hidden]);
            yield return new(prefix + "self_attn.q_proj.weight", [queries, hidden]);
            yield return new(prefix + "self_attn.k_proj.weight", [keys, hidden]);
            yield return new(prefix + "self_attn.v_proj.weight", [keys, hidden]);
            yield return new(prefix + "self_attn.o_proj.weight", [hidden, queries]);
            yield return new(prefix + "post_attention_layernorm.weight", [hidden]);
            yield return new(prefix + "mlp.gate_proj.weight", [config.IntermediateSize, hidden]);
            yield return new(prefix + "mlp.up_proj.weight", [config.IntermediateSize, hidden]);
            yield return new(prefix + "mlp.down_proj.weight", [hidden, config.IntermediateSize]);
        }
        if (!part.HasHead(config)) yield break;
        yield return new(FinalNorm, [hidden]);
        if (!config.TieWordEmbeddings) yield return new(OwnHead, [config.VocabSize, hidden]);
    }

    /// <summary>The name of the head.</summary>
    public static string HeadOf(LlamaConfig config) => config.TieWordEmbeddings ? Embedding : OwnHead;

    /// <summary>How the names of a layer's tensors begin.</summary>
    public static string LayerPrefix(int layer) => $"{LayersPrefix}{layer}.";

    /// <summary>Names that may be present and carry nothing: computed buffers that old exports saved, and the head when it is the embedding.</summary>
    public static bool IsIgnored(string name, LlamaConfig config) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TieWordEmbeddings && name == OwnHead);
}
