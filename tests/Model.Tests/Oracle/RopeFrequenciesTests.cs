using Llama.Trainer.Plain;

namespace Llama.Model.Tests.Oracle;

/// <summary>Frequencies against values worked out by hand from the formulas of modeling_rope_utils.</summary>
public sealed class RopeFrequenciesTests
{
    private static PlainConfig Config(string scaling) => PlainConfig.Parse($$"""
        {
          "hidden_size": 512, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 8,
          "max_position_embeddings": 8192, "rope_theta": 500000.0, "rope_scaling": {{scaling}}
        }
        """);

    private static double[] Plain => Trainer.Plain.RopeFrequencies.Of(Config("null"), 1);

    [Fact]
    public void Linear_AllFrequencies_DividedByFactor() =>
        Assert.Equal(Plain.Select(frequency => frequency / 4), Trainer.Plain.RopeFrequencies.Of(Config("""{"type": "linear", "factor": 4.0}"""), 1));

    [Fact]
    public void Dynamic_WithinTrainedLength_Unchanged() =>
        Assert.Equal(Plain, Trainer.Plain.RopeFrequencies.Of(Config("""{"rope_type": "dynamic", "factor": 2.0}"""), 8192));

    [Fact]
    public void Dynamic_TwiceTrainedLength_ThetaGrows()
    {
        // ratio 2, factor 2: theta · (2·2 − 1)^(128/126)
        double theta = 500000 * Math.Pow(3, 128.0 / 126);
        Assert.Equal(Math.Pow(theta, -2.0 / 128), Trainer.Plain.RopeFrequencies.Of(Config("""{"rope_type": "dynamic", "factor": 2.0}"""), 16384)[1], 12);
    }

    [Fact]
    public void Llama3_ShortWavesKept_LongWavesStretched()
    {
        double[] scaled = Trainer.Plain.RopeFrequencies.Of(Config("""
            {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
            """), 1);
        Assert.Equal(Plain[0], scaled[0]);
        Assert.Equal(Plain[63] / 8, scaled[63], 15);
        // A pair that turns 2.5 times in 8,192 positions lies halfway between 1 and 4.
        int blended = Array.FindIndex(Plain, frequency => 8192 * frequency / (2 * Math.PI) < 4);
        double kept = (8192 * Plain[blended] / (2 * Math.PI) - 1) / 3;
        Assert.Equal(Plain[blended] * ((1 - kept) / 8 + kept), scaled[blended], 15);
    }

    [Fact]
    public void Yarn_Defaults_BlendsBetweenThirtyTwoTurnsAndOne()
    {
        PlainConfig config = Config("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 2048}""");
        double[] scaled = Trainer.Plain.RopeFrequencies.Of(config, 1);
        // 128 · ln(2048 / (32 · 2π)) / (2 · ln 500000) = 11.3 → 11; of one turn 28.2 → 29
        Assert.Equal(Plain[11], scaled[11], 15);
        Assert.Equal(Plain[20] * (1 - 9.0 / 18 * 0.75), scaled[20], 15);
        Assert.Equal(Plain[29] / 4, scaled[29], 15);
        Assert.Equal(0.1 * Math.Log(4) + 1, Trainer.Plain.RopeFrequencies.AttentionFactor(config), 12);
    }

    [Theory]
    [InlineData("""{"type": "yarn", "factor": 4.0, "attention_factor": 1.5}""", 1.5)]
    [InlineData("""{"type": "yarn", "factor": 1.0}""", 1.0)]
    [InlineData("""{"type": "yarn", "factor": 4.0, "mscale": 1.0, "mscale_all_dim": 1.0}""", 1.0)]
    [InlineData("""{"type": "linear", "factor": 4.0}""", 1.0)]
    public void AttentionFactor_AsGivenOrDerived(string scaling, double expected) =>
        Assert.Equal(expected, Trainer.Plain.RopeFrequencies.AttentionFactor(Config(scaling)), 12);
}
