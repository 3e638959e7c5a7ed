using Llama.Model.Guidance;
using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>What to generate: tokens in, tokens out.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt; at least one token.</summary>
    public required int[] PromptTokenIds { get; init; }

    /// <summary>Most tokens to generate; 0 only with <see cref="PromptLogprobs"/> or <see cref="WantsEmbedding"/>.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How to draw them.</summary>
    public SamplingParams Sampling { get; init; } = new();

    /// <summary>What the output must look like; null for anything. Belongs to this request alone.</summary>
    public ITokenGuide? Guide { get; init; }

    /// <summary>Number of alternatives to report for each prompt token but the first, beside its own log-probability; null for no log-probabilities of the prompt.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Whether the mean of the prompt's last hidden states is wanted.</summary>
    public bool WantsEmbedding { get; init; }

    /// <summary>Smaller goes first; equal ones in order of arrival.</summary>
    public int Priority { get; init; }

    /// <summary>Time after which the request ends with <see cref="FinishReason.Deadline"/>, wherever it is; null never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whose share the request draws on when keys compete.</summary>
    public int ShareKey { get; init; }

    /// <summary>How many times the tokens of a key of weight 1 that key may have while both want more; 1 or more.</summary>
    public int ShareWeight { get; init; } = 1;

    /// <summary>Whether it is the server's own and left out of metrics and traces.</summary>
    public bool IsProbe { get; init; }

    /// <summary>Requests share cached prefixes only with requests of the same salt.</summary>
    public ulong CacheSalt { get; init; }

    /// <summary>The caller's own note of where the request came from. The engine only hands it back, in <see cref="Frames.SequenceRow.Origin"/>.</summary>
    public object? Origin { get; init; }
}
