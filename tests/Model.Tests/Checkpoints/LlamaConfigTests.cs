using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Checkpoints;

public sealed class LlamaConfigTests
{
    private const string Llama2 = """
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "vocab_size": 32000, "hidden_act": "silu", "rms_norm_eps": 1e-05, "max_position_embeddings": 4096,
        "bos_token_id": 1, "eos_token_id": 2, "pretraining_tp": 1, "rope_scaling": null, "tie_word_embeddings": false, "torch_dtype": "float16"
        """;

    [Fact]
    public void Parse_Llama2_ReadsKeysAndDefaults()
    {
        LlamaConfig config = Parse("");
        Assert.Equal((4096, 11008, 32, 32, 32000), (config.HiddenSize, config.IntermediateSize, config.LayerCount, config.HeadCount, config.VocabSize));
        Assert.Equal((32, 128, 4096, 1e-5, 10000), (config.KvHeadCount, config.HeadDim, config.ContextLength, config.RmsNormEpsilon, config.RopeTheta));
        Assert.Null(config.RopeScaling);
        Assert.Equal((1, 2), (config.BosTokenId, Assert.Single(config.EosTokenIds)));
        Assert.Equal(6_738_415_616, config.ParameterCount); // as published for Llama 2 7B
    }

    [Fact]
    public void Parse_GroupedQueriesHeadDimListOfEnds_AreHonoured()
    {
        LlamaConfig config = Parse(""" "num_key_value_heads": 8, "head_dim": 64, "eos_token_id": [2, 7], "bos_token_id": null, "rope_theta": 1000000 """);
        Assert.Equal((8, 64, 1e6), (config.KvHeadCount, config.HeadDim, config.RopeTheta));
        Assert.Equal([2, 7], config.EosTokenIds);
        Assert.Null(config.BosTokenId);
    }

    // Over no more than its window Mistral's attention is Llama's.
    [Theory]
    [InlineData(""" "max_position_embeddings": 32768, "sliding_window": 4096 """, 4096)]
    [InlineData(""" "max_position_embeddings": 32768, "sliding_window": null """, 32768)]
    [InlineData(""" "max_position_embeddings": 1024, "sliding_window": 4096 """, 1024)]
    [InlineData(""" "max_position_embeddings": 32768 """, 4096)]
    [InlineData(""" "max_position_embeddings": null, "sliding_window": null """, 131_072)]
    public void Parse_Mistral_IsAsLongAsItsWindowWithTransformersDefaults(string keys, int context)
    {
        LlamaConfig config = Parse($""" "architectures": ["MistralForCausalLM"], {keys} """);
        Assert.Equal((context, 8), (config.ContextLength, config.KvHeadCount));
        Assert.Equal(config, Parse($""" "architectures": [], "model_type": "mistral", {keys} """));
        Assert.Equal(32, Parse($""" "architectures": ["MistralForCausalLM"], "num_key_value_heads": null, {keys} """).KvHeadCount);
    }

    private static readonly double[] Factors = [.. Enumerable.Range(1, 64).Select(i => i / 4.0)];
    private static readonly string LongRope = $$"""{"rope_type": "longrope", "short_factor": {{JsonSerializer.Serialize(Factors)}}, "long_factor": {{JsonSerializer.Serialize(Factors)}}, "attention_factor": 1}""";

    public static TheoryData<string, RopeScaling> Scalings => new()
    {
        { """ "rope_scaling": {"type": "linear", "factor": 2} """, new RopeScaling.Linear(2) },
        { """ "rope_scaling": {"rope_type": "dynamic", "factor": 2.5} """, new RopeScaling.Dynamic(2.5, 4096) },
        { """ "rope_scaling": {"rope_type": "dynamic", "factor": 2.5, "original_max_position_embeddings": 256} """, new RopeScaling.Dynamic(2.5, 4096) },
        { """ "rope_parameters": {"rope_type": "linear", "factor": 2, "rope_theta": 10000} """, new RopeScaling.Linear(2) },
        { """ "rope_parameters": {}, "rope_scaling": {"rope_type": "linear", "factor": 2} """, new RopeScaling.Linear(2) },
        { """ "rope_parameters": {"rope_type": "linear", "factor": 2, "rope_theta": 10000}, "rope_scaling": {"type": "linear", "factor": 2} """, new RopeScaling.Linear(2) },
        {
            """ "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 2048} """,
            new RopeScaling.Llama3(8, 1, 4, 2048)
        },
        { """ "rope_scaling": {"rope_type": "yarn", "original_max_position_embeddings": 1024} """, new RopeScaling.Yarn(4, 1024) },
        { $""" "rope_scaling": {LongRope} """, new RopeScaling.Divided(Factors) },
        { $""" "rope_scaling": {LongRope}, "rope_parameters": {LongRope} """, new RopeScaling.Divided(Factors) },
        {
            """ "rope_scaling": {"type": "yarn", "factor": 16, "beta_fast": 30, "beta_slow": 2, "attention_factor": 1.5, "mscale": 0.7, "mscale_all_dim": 0.8, "truncate": false} """,
            new RopeScaling.Yarn(16, 4096) { BetaFast = 30, BetaSlow = 2, AttentionFactor = 1.5, Mscale = 0.7, MscaleAllDim = 0.8, Truncate = false }
        },
    };

    [Theory]
    [MemberData(nameof(Scalings))]
    public void Parse_RopeScaling_ReadsEachKindAndWritesItBack(string keys, RopeScaling expected)
    {
        LlamaConfig config = Parse(keys);
        Assert.Equal(expected, config.RopeScaling);
        Assert.Equal(config, LlamaConfig.Parse(config.ToJson()));
    }

    [Fact]
    public void Parse_RopeParametersOfTransformers5_BringTheta() =>
        Assert.Equal(5e5, Parse(""" "rope_parameters": {"rope_type": "default", "rope_theta": 500000} """).RopeTheta);

    [Theory]
    [InlineData(""" "attention_bias": true """, "attention_bias is true; expected false")]
    [InlineData(""" "mlp_bias": true """, "mlp_bias is true; expected false")]
    [InlineData(""" "hidden_act": "gelu" """, "hidden_act is \"gelu\"; expected \"silu\"")]
    [InlineData(""" "quantization_config": {"quant_method": "gptq"} """, "quantization_config")]
    [InlineData(""" "sliding_window": 4096 """, "sliding_window is 4096; expected none")]
    [InlineData(""" "partial_rotary_factor": 0.5 """, "partial_rotary_factor is 0.5; expected 1")]
    [InlineData(""" "architectures": ["Qwen2ForCausalLM"] """, "architectures is [\"Qwen2ForCausalLM\"]; expected LlamaForCausalLM or MistralForCausalLM")]
    [InlineData(""" "architectures": ["MistralForCausalLM"], "sliding_window": "wide" """, "sliding_window is \"wide\"; expected an integer of at least 1")]
    [InlineData(""" "rope_scaling": {"type": "su", "factor": 2} """, "rope_scaling.rope_type is \"su\"")]
    [InlineData(""" "rope_scaling": {"type": "linear"} """, "rope_scaling.factor is missing")]
    [InlineData(""" "rope_scaling": 2 """, "rope_scaling is 2; expected an object")]
    [InlineData(""" "rope_parameters": "linear" """, "rope_parameters is \"linear\"; expected an object")]
    [InlineData(""" "rope_scaling": {"type": "linear", "factor": 4}, "rope_parameters": {"rope_type": "default"} """, "rope_scaling says something else than rope_parameters")]
    [InlineData(""" "rope_scaling": {"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 64}, "original_max_position_embeddings": 512 """, "is 64, but 512 at the top level; keep one of the two")]
    [InlineData(""" "num_key_value_heads": 5 """, "num_key_value_heads is 5; expected a divisor of num_attention_heads, 32")]
    [InlineData(""" "head_dim": 63 """, "head_dim is 63; expected an even number")]
    [InlineData(""" "num_attention_heads": 31 """, "hidden_size is 4096; expected a multiple of num_attention_heads, 31")]
    [InlineData(""" "vocab_size": "many" """, "vocab_size is \"many\"; expected an integer of at least 1")]
    [InlineData(""" "vocab_size": -1 """, "vocab_size is -1")]
    [InlineData(""" "max_position_embeddings": 1000000000000 """, "max_position_embeddings is 1000000000000; expected at most 2147483647")]
    [InlineData(""" "num_hidden_layers": 2147483647 """, "num_hidden_layers is 2147483647; expected at most 10000")]
    [InlineData(""" "eos_token_id": 32000 """, "holds 32000; expected less than vocab_size")]
    [InlineData(""" "rms_norm_eps": 0 """, "rms_norm_eps is 0; expected a number above 0")]
    public void Parse_OneFault_NamesKeyValueAndExpectation(string keys, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => Parse(keys));
        Assert.Contains(expected, Assert.Single(error.Faults));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Parse_ManyFaults_SaysThemAllAtOnce()
    {
        var error = Assert.Throws<CheckpointException>(() => LlamaConfig.Parse("""{"hidden_act": "relu", "mlp_bias": true, "model_type": "gpt2"}"""));
        string[] expected = ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "architectures", "hidden_act", "mlp_bias"];
        Assert.Equal(expected.Order(), error.Faults.Select(fault => fault.Split(' ')[0]).Order());
        Assert.All(expected, key => Assert.Contains(key, error.Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    public void Parse_NotAnObject_SaysSo(string json) => Assert.Throws<CheckpointException>(() => LlamaConfig.Parse(json));

    [Theory]
    [InlineData(""" "model_type": "\ud800" """)]
    [InlineData(""" "architectures": [], "model_type": "\udc00x" """)]
    [InlineData(""" "\ud800": 1 """)]
    public void Parse_HalfASurrogatePair_NamesTheFile(string keys) =>
        Assert.Matches("^config.json: not JSON: the string at byte [0-9]+ holds half a surrogate pair", Assert.Throws<CheckpointException>(() => Parse(keys)).Message);

    [Fact]
    public void Load_GenerationConfig_AddsItsEndTokens()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.In("config.json"), TestConfig.Tiny.ToJson());
        File.WriteAllText(folder.In("generation_config.json"), """{"eos_token_id": [9, 2]}""");
        Assert.Equal([2, 9], LlamaConfig.Load(folder.Path).EosTokenIds);
        File.WriteAllText(folder.In("generation_config.json"), """{"eos_token_id": 320}""");
        Assert.Contains("holds 320", Assert.Throws<CheckpointException>(() => LlamaConfig.Load(folder.Path)).Message);
    }

    // Later keys replace those of the base text.
    private static LlamaConfig Parse(string keys) => LlamaConfig.Parse(keys == "" ? $"{{{Llama2}}}" : $"{{{Llama2}, {keys}}}");
}
