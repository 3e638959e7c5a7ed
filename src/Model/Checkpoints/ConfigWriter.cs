using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama.Model.Checkpoints;

/// <summary>Writes the config.json of a configuration with the keys that every version of transformers reads.</summary>
internal static class ConfigWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Write(LlamaConfig config)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.LayerCount,
            ["num_attention_heads"] = config.HeadCount,
            ["num_key_value_heads"] = config.KvHeadCount,
            ["head_dim"] = config.HeadDim,
            ["vocab_size"] = config.VocabSize,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = config.RmsNormEpsilon,
            ["rope_theta"] = config.RopeTheta,
            ["rope_scaling"] = config.RopeScaling is null ? null : Scaling(config.RopeScaling),
            ["max_position_embeddings"] = config.ContextLength,
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["bos_token_id"] = config.BosTokenId,
            ["eos_token_id"] = config.EosTokenIds is [int only] ? only : new JsonArray([.. config.EosTokenIds.Select(id => (JsonNode)id)]),
        };
        if (config.Quantization is not null) json[QuantizationConfig.Key] = QuantizationConfig.Write(config.Quantization);
        return json.ToJsonString(Indented);
    }

    private static JsonObject Scaling(RopeScaling scaling) => scaling switch
    {
        RopeScaling.Linear linear => new() { ["rope_type"] = "linear", ["factor"] = linear.Factor },
        RopeScaling.Dynamic dynamic => new() { ["rope_type"] = "dynamic", ["factor"] = dynamic.Factor },
        RopeScaling.Llama3 llama3 => new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = llama3.Factor,
            ["low_freq_factor"] = llama3.LowFrequencyFactor,
            ["high_freq_factor"] = llama3.HighFrequencyFactor,
            ["original_max_position_embeddings"] = llama3.OriginalContextLength,
        },
        RopeScaling.Divided divided => new()
        {
            ["rope_type"] = "longrope",
            ["short_factor"] = Numbers(divided.Divisors),
            ["long_factor"] = Numbers(divided.Divisors),
            ["attention_factor"] = 1,
        },
        RopeScaling.Yarn yarn => Yarn(yarn),
        _ => throw new NotSupportedException(scaling.GetType().Name),
    };

    private static JsonArray Numbers(IEnumerable<double> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    private static JsonObject Yarn(RopeScaling.Yarn yarn) => new()
    {
        ["rope_type"] = "yarn",
        ["factor"] = yarn.Factor,
        ["original_max_position_embeddings"] = yarn.OriginalContextLength,
        ["beta_fast"] = yarn.BetaFast,
        ["beta_slow"] = yarn.BetaSlow,
        ["attention_factor"] = yarn.AttentionFactor,
        ["mscale"] = yarn.Mscale,
        ["mscale_all_dim"] = yarn.MscaleAllDim,
        ["truncate"] = yarn.Truncate,
    };
}
