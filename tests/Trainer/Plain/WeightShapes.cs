namespace Llama.Trainer.Plain;

/// <summary>Names and shapes of a Llama checkpoint's tensors, as Hugging Face lays them out ([out, in]).</summary>
public static class WeightShapes
{
    public static IEnumerable<KeyValuePair<string, long[]>> Of(PlainConfig config)
    {
        long hidden = config.HiddenSize;
        yield return new("model.embed_tokens.weight", [config.VocabSize, hidden]);
        for (int layer = 0; layer < config.LayerCount; layer++)
            foreach ((string name, long[] shape) in OfLayer(config)) yield return new($"model.layers.{layer}.{name}.weight", shape);
        yield return new("model.norm.weight", [hidden]);
        if (!config.TiedHead) yield return new("lm_head.weight", [config.VocabSize, hidden]);
    }

    private static IEnumerable<(string Name, long[] Shape)> OfLayer(PlainConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        long queries = config.HeadCount * config.HeadDim, keys = config.KvHeadCount * config.HeadDim;
        return
        [
            ("input_layernorm", [hidden]), ("post_attention_layernorm", [hidden]),
            ("self_attn.q_proj", [queries, hidden]), ("self_attn.k_proj", [keys, hidden]), ("self_attn.v_proj", [keys, hidden]),
            ("self_attn.o_proj", [hidden, queries]),
            ("mlp.gate_proj", [inner, hidden]), ("mlp.up_proj", [inner, hidden]), ("mlp.down_proj", [hidden, inner]),
        ];
    }
}
