namespace Llama.Model.Checkpoints.Gguf;

/// <summary>How tensors are called in a GGUF file of the architecture llama.</summary>
internal static class GgufNames
{
    /// <summary>What llama3's scaling divides the rotary frequencies by, [headDim / 2]; Hugging Face has it in the configuration.</summary>
    public const string RopeFactors = "rope_freqs.weight";

    public const string Head = "output.weight", Embedding = "token_embd.weight";

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["model.embed_tokens"] = "token_embd",
        ["model.norm"] = "output_norm",
        ["lm_head"] = "output",
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    /// <summary>The name of a tensor that Hugging Face layout calls <paramref name="name"/>, e.g. <c>model.layers.3.mlp.up_proj.weight</c>: <c>blk.3.ffn_up.weight</c>.</summary>
    public static string Of(string name)
    {
        const string suffix = ".weight";
        string stem = name[..^suffix.Length];
        if (!stem.StartsWith(CheckpointLayout.LayersPrefix, StringComparison.Ordinal)) return Names[stem] + suffix;
        string[] parts = stem[CheckpointLayout.LayersPrefix.Length..].Split('.', 2); // the layer's number and the rest
        return $"blk.{parts[0]}.{Names[parts[1]]}{suffix}";
    }
}
