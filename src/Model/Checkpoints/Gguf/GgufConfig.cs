namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Reads a model's shape from metadata and refuses, all at once, what is malformed and what would need other arithmetic than Llama's.</summary>
internal static class GgufConfig
{
    private const string Architecture = "general.architecture";

    private static readonly ShapeKeys Sizes = new("llama.embedding_length", "llama.attention.head_count", "llama.attention.head_count_kv", "llama.attention.key_length");

    /// <param name="keys">The metadata; faults go there.</param>
    /// <param name="tensors">Of all files: whether there is a head of its own, and how large the vocabulary is.</param>
    /// <param name="ropeFactors">What the rotary frequencies are divided by, where a tensor says so.</param>
    public static LlamaConfig Read(GgufKeys keys, MappedTensors tensors, double[]? ropeFactors)
    {
        CheckArithmetic(keys);
        int before = keys.Faults.Count;
        int hidden = keys.Int("llama.embedding_length"), heads = keys.Int("llama.attention.head_count"), context = keys.Int("llama.context_length");
        int headDim = keys.Int("llama.attention.key_length", Math.Max(hidden / heads, 1));
        var config = new LlamaConfig
        {
            HiddenSize = hidden,
            IntermediateSize = keys.Int("llama.feed_forward_length"),
            LayerCount = LayerCount(keys, tensors.Count),
            HeadCount = heads,
            KvHeadCount = keys.Int("llama.attention.head_count_kv", heads),
            HeadDim = headDim,
            VocabSize = VocabSize(keys, tensors),
            RmsNormEpsilon = keys.Positive("llama.attention.layer_norm_rms_epsilon"),
            RopeTheta = keys.Positive("llama.rope.freq_base", 10000),
            RopeScaling = ropeFactors is null ? Scaling(keys, context) : new RopeScaling.Divided(ropeFactors),
            ContextLength = keys.OptionalInt("llama.attention.sliding_window", 0) is > 0 and var window ? Math.Min(context, window) : context, // as of a Mistral in Hugging Face layout
            TieWordEmbeddings = !tensors.TryFind(GgufNames.Head, out _),
            BosTokenId = keys.OptionalInt("tokenizer.ggml.bos_token_id", 0),
            EosTokenIds = EndTokens(keys),
        };
        if (keys.Faults.Count == before) CheckShape(config, keys); // whether sizes fit each other means something only when each is sound
        return config;
    }

    /// <summary>Tokens that end an answer: a chat model's end of turn and end of message too.</summary>
    public static int[] EndTokens(GgufKeys keys) =>
    [
        .. ((string[])["eos", "eot", "eom"]).Select(name => keys.OptionalInt($"tokenizer.ggml.{name}_token_id", 0)).OfType<int>().Distinct(),
    ];

    /// <summary>Refuses files that are not a Llama before anything else is asked of them: their other keys are called differently.</summary>
    public static void CheckArchitecture(GgufKeys keys, string source)
    {
        string? architecture = keys.Text(Architecture);
        if (architecture == "llama") return;
        throw new CheckpointException(source, architecture is null
            ? $"{Architecture} is missing: not a model"
            : $"{Architecture} is \"{architecture}\"; only llama is supported (Llama, CodeLlama, TinyLlama, and relatives that declare it)");
    }

    // Keys that files of this architecture may carry and that, set so, change the maths.
    private static void CheckArithmetic(GgufKeys keys)
    {
        keys.Refuse("llama.expert_count", "none: mixtures of experts are not supported", count => count == 0);
        keys.Refuse("llama.attention.clamp_kqv", "none: clamping is not supported", limit => limit == 0);
        keys.Refuse("llama.logit_scale", "1: scaled logits are not supported", scale => scale == 1);
        keys.Refuse("llama.attention.causal", "true: only causal attention is supported", causal => causal == 1);
    }

    private static RopeScaling? Scaling(GgufKeys keys, int context)
    {
        const string prefix = "llama.rope.scaling.";
        double factor = keys.Positive(prefix + "factor", keys.Positive("llama.rope.scale_linear", 1)); // the latter from before there were types
        int original = keys.Int(prefix + "original_context_length", context);
        string type = keys.Text(prefix + "type") ?? "linear";
        if (type == "yarn") return Yarn(keys, prefix, factor, original);
        if (type is not ("none" or "linear")) keys.Add(prefix + "type", $"is \"{type}\"; expected none, linear or yarn");
        return type == "linear" && factor != 1 ? new RopeScaling.Linear(factor) : null;
    }

    // Here attn_factor multiplies what YaRN derives from the factor (rope_yarn in ggml.c); Hugging Face's attention_factor takes its place.
    private static RopeScaling.Yarn Yarn(GgufKeys keys, string prefix, double factor, int original)
    {
        double attention = keys.Positive(prefix + "attn_factor", keys.Positive(prefix + "yarn_attn_factor", 1));
        return new RopeScaling.Yarn(factor, original)
        {
            BetaFast = keys.Positive(prefix + "yarn_beta_fast", 32),
            BetaSlow = keys.Positive(prefix + "yarn_beta_slow", 1),
            AttentionFactor = attention == 1 ? null : attention * (1 + 0.1 * Math.Log(factor)),
        };
    }

    // Each layer has tensors of its own: a file that promises more of them is damaged, and naming all that it lacks would have no end.
    private static int LayerCount(GgufKeys keys, int tensorCount)
    {
        int count = keys.Int("llama.block_count");
        if (count <= Math.Max(1, tensorCount)) return count;
        keys.Add("llama.block_count", $"is {count}; there are {tensorCount} tensors in all");
        return 1;
    }

    private static int VocabSize(GgufKeys keys, MappedTensors tensors) =>
        tensors.TryFind(GgufNames.Embedding, out TensorEntry? embedding) && embedding.Shape is [> 0 and <= int.MaxValue and long rows, _]
            ? (int)rows
            : keys.Int("llama.vocab_size", 1);

    private static void CheckShape(LlamaConfig config, GgufKeys keys)
    {
        Sizes.Check(config, keys);
        foreach (string key in (string[])["llama.attention.value_length", "llama.rope.dimension_count"])
            keys.Refuse(key, $"the width of a head, {config.HeadDim}", width => width == config.HeadDim);
        if (config.RopeScaling is RopeScaling.Divided { Divisors.Count: int count } && count != config.HeadDim / 2)
            keys.Add(GgufNames.RopeFactors, $"has {count} numbers; expected half the width of a head, {config.HeadDim / 2}");
        foreach (int id in config.EosTokenIds.Append(config.BosTokenId ?? 0).Where(id => id >= config.VocabSize))
            keys.Add("tokenizer.ggml", $"names {id} as a token that begins or ends; expected less than the vocabulary's {config.VocabSize}");
    }
}
