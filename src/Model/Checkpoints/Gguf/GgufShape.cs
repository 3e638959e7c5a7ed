namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Writes a model's shape as metadata that <see cref="GgufConfig"/>, and llama.cpp, read.</summary>
internal static class GgufShape
{
    /// <param name="metadata">Where the keys go.</param>
    /// <param name="config">The shape.</param>
    public static void Add(GgufMetadata metadata, LlamaConfig config)
    {
        metadata.Add("llama.vocab_size", config.VocabSize);
        metadata.Add("llama.context_length", config.ContextLength);
        metadata.Add("llama.embedding_length", config.HiddenSize);
        metadata.Add("llama.block_count", config.LayerCount);
        metadata.Add("llama.feed_forward_length", config.IntermediateSize);
        metadata.Add("llama.attention.head_count", config.HeadCount);
        metadata.Add("llama.attention.head_count_kv", config.KvHeadCount);
        metadata.Add("llama.attention.key_length", config.HeadDim);
        metadata.Add("llama.attention.value_length", config.HeadDim);
        metadata.Add("llama.attention.layer_norm_rms_epsilon", config.RmsNormEpsilon);
        metadata.Add("llama.rope.dimension_count", config.HeadDim);
        metadata.Add("llama.rope.freq_base", config.RopeTheta);
        AddScaling(metadata, config.RopeScaling);
    }

    /// <summary>What the rotary frequencies are divided by, [headDim / 2], under scalings that the format has no keys for; null for the others.</summary>
    public static float[]? RopeFactors(LlamaConfig config)
    {
        if (config.RopeScaling is null or RopeScaling.Linear or RopeScaling.Yarn) return null;
        float[] plain = RopeFrequencies.Compute(config with { RopeScaling = null }).Inverse, scaled = RopeFrequencies.Compute(config).Inverse;
        return [.. plain.Zip(scaled, (one, other) => one / other)];
    }

    private static void AddScaling(GgufMetadata metadata, RopeScaling? scaling)
    {
        const string prefix = "llama.rope.scaling.";
        if (scaling is RopeScaling.Linear linear)
        {
            metadata.Add(prefix + "type", "linear");
            metadata.Add(prefix + "factor", linear.Factor);
        }
        if (scaling is not RopeScaling.Yarn yarn) return;
        if (!yarn.Truncate) throw new NotSupportedException("rope_scaling.truncate is false, which GGUF cannot say");
        metadata.Add(prefix + "type", "yarn");
        metadata.Add(prefix + "factor", yarn.Factor);
        metadata.Add(prefix + "original_context_length", yarn.OriginalContextLength);
        metadata.Add(prefix + "yarn_beta_fast", yarn.BetaFast);
        metadata.Add(prefix + "yarn_beta_slow", yarn.BetaSlow);
        // Here it multiplies what YaRN derives from the factor; ours takes its place.
        metadata.Add(prefix + "attn_factor", RopeFrequencies.AttentionFactorOf(yarn) / RopeFrequencies.AttentionFactorOf(new RopeScaling.Yarn(yarn.Factor, yarn.OriginalContextLength)));
    }
}
