using Llama.Server.Errors;
using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>A request to <c>/v1/completions</c>, read and checked.</summary>
internal sealed class CompletionRequest : GenerationParameters
{
    public IReadOnlyList<RawPrompt> Prompts { get; set; } = [];

    public bool AddSpecialTokens { get; set; } = true;

    public bool Echo { get; set; }

    public int? BestOf { get; set; }

    public int? TopLogprobs { get; set; }

    public override int? Logprobs => TopLogprobs;

    /// <summary>OpenAI's own default on this route.</summary>
    public override int? DefaultMaxTokens => 16;

    /// <summary>Checks the fields against each other.</summary>
    public ApiError? Settle()
    {
        if (Echo && TopLogprobs is not null)
            return ApiError.UnsupportedParameter("echo", "Log-probabilities are reported for generated tokens only, so 'echo' goes without 'logprobs'.");
        if (BestOf is { } most && most != N)
            return ApiError.UnsupportedValue("best_of", $"answers are not ranked here; it must equal n, which is {N}.");
        return null;
    }
}

/// <summary>One prompt as the caller gave it: text or tokens.</summary>
/// <param name="Text">The text; null when it came as tokens.</param>
/// <param name="Tokens">The tokens; null when it came as text.</param>
/// <param name="Param">Its path.</param>
internal sealed record RawPrompt(string? Text, int[]? Tokens, string Param);
