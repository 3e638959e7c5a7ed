using Llama.Model.Sampling;
using Llama.Server.Hosting;

namespace Llama.Server.Generating;

/// <summary>What a request says about how tokens are drawn, field by field. Null is "not said": the checkpoint's own default.</summary>
internal sealed class SamplingRequest
{
    public float? Temperature { get; set; }

    public float? TopP { get; set; }

    public int? TopK { get; set; }

    public float? MinP { get; set; }

    public float TypicalP { get; set; } = 1;

    public float? RepetitionPenalty { get; set; }

    public float PresencePenalty { get; set; }

    public float FrequencyPenalty { get; set; }

    public IReadOnlyList<TokenBias> LogitBias { get; set; } = [];

    public int[]? AllowedTokenIds { get; set; }

    /// <summary>Texts that the answer never holds.</summary>
    public IReadOnlyList<string> BadWords { get; set; } = [];

    /// <summary>Null for a random one.</summary>
    public long? Seed { get; set; }

    /// <summary>The same for the engine, the checkpoint's defaults filled in. Bad words are kept away by a guide, and each answer has a seed of its own.</summary>
    public SamplingParams Over(GenerationDefaults defaults) => new()
    {
        Temperature = Temperature ?? defaults.Temperature,
        TopK = TopK ?? defaults.TopK,
        TopP = TopP ?? defaults.TopP,
        MinP = MinP ?? defaults.MinP,
        TypicalP = TypicalP,
        RepetitionPenalty = RepetitionPenalty ?? defaults.RepetitionPenalty,
        PresencePenalty = PresencePenalty,
        FrequencyPenalty = FrequencyPenalty,
        LogitBias = LogitBias,
        AllowedTokenIds = AllowedTokenIds?.Distinct().ToArray(), // every step goes through them
    };
}
