using Llama.Server.Generating;
using Llama.Server.Web.Errors;

namespace Llama.Server.Completions;

/// <summary>A request to <c>/v1/completions</c>, read and checked.</summary>
internal sealed class CompletionRequest : GenerationParameters
{
    public IReadOnlyList<RawPrompt> Prompts { get; set; } = [];

    public bool AddSpecialTokens { get; set; } = true;

    public bool Echo { get; set; }

    public int? BestOf { get; set; }

    public int? TopLogprobs { get; set; }

    /// <summary>Whether more answers are made than returned, and the best are chosen.</summary>
    public bool IsRanked => AnswersPerPrompt > N;

    public override int AnswersPerPrompt => BestOf ?? N;

    /// <summary>Answers are ranked by their tokens' log-probabilities, so these are needed even where they are not shown.</summary>
    public override int? Logprobs => TopLogprobs ?? (IsRanked ? 0 : null);

    /// <summary>The scores of an echoed prompt come from the engine as those of <c>prompt_logprobs</c> do; without any token to make, they are what is asked for.</summary>
    public override int? PromptScores => Echo && TopLogprobs is { } top
        ? Math.Max(top, PromptLogprobs ?? 0)
        : PromptLogprobs ?? (MaxTokens == 0 ? 0 : null);

    /// <summary>OpenAI's own default on this route.</summary>
    public override int? DefaultMaxTokens => 16;

    /// <summary>Whether the echo shows no control tokens: a text is echoed as it came, tokens as an answer of them would print.</summary>
    public bool EchoSkipsSpecial(RawPrompt prompt) => SkipSpecialTokens || prompt.Text is not null;

    /// <summary>Checks the fields against each other.</summary>
    public ApiError? Settle()
    {
        if (BestOf < N)
            return ApiError.InvalidValue("best_of", $"'best_of' is {BestOf}; it must be at least n, which is {N}.");
        if (IsRanked && Stream)
            return ApiError.InvalidValue("best_of", "'best_of' above 'n' cannot be streamed: which answers are best is known only when all are made.");
        if (MaxTokens == 0 && !Echo && PromptLogprobs is null)
            return ApiError.InvalidValue("max_tokens", "'max_tokens' 0 asks for nothing without 'echo' or 'prompt_logprobs'.");
        return null;
    }
}
