namespace Llama.Model.Sampling;

/// <summary>How the tokens of one sequence are drawn from the model's logits. Values are taken as valid: the door that lets requests in checks ranges.</summary>
public sealed record SamplingParams
{
    /// <summary>The most probable token each time.</summary>
    public static readonly SamplingParams Greedy = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 means greedy (the largest logit, ties to the lowest token id).</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keeps the k most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the smallest set of most probable tokens whose probabilities reach this sum (nucleus sampling); 1 keeps all.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Drops tokens less probable than this fraction of the most probable one; 0 drops none.</summary>
    public float MinP { get; init; }

    /// <summary>Keeps the tokens whose surprise is nearest to the distribution's entropy until they reach this mass (locally typical sampling, Meister et al. 2023); 1 keeps all.</summary>
    public float TypicalP { get; init; } = 1f;

    /// <summary>Subtracted once from the logit of every token already generated.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once per time it was already generated.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or output (CTRL, Keskar et al. 2019, section 4.1); 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Added to the logits of single tokens before anything else; −100 bans and +100 forces in effect.</summary>
    public IReadOnlyList<TokenBias> LogitBias { get; init; } = [];

    /// <summary>The only tokens that may be drawn, stop tokens included; null for all.</summary>
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }

    /// <summary>Tokens that end the sequence when drawn.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>While fewer tokens than this were generated, <see cref="StopTokenIds"/> cannot be drawn.</summary>
    public int MinTokens { get; init; }

    /// <summary>Fixes the draws of this sequence whatever else shares the batch (counter-based: a function of seed and position).</summary>
    public ulong Seed { get; init; }

    /// <summary>Number of alternatives whose log-probabilities are wanted beside the drawn token's; null wants none at all.</summary>
    public int? TopLogprobs { get; init; }

    // Below this, dividing by the temperature overflows before it changes which token wins (vLLM draws the line there too).
    private const float GreedyTemperature = 1e-5f;

    /// <summary>True when no token but the most probable one can be drawn.</summary>
    internal bool IsGreedy => Temperature < GreedyTemperature || TopK == 1;

    /// <summary>True when drawing needs the tokens so far.</summary>
    public bool NeedsHistory => PresencePenalty != 0 || FrequencyPenalty != 0 || RepetitionPenalty != 1;
}
