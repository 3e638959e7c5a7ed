using Llama.Model.Guidance;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Guidance;

/// <summary>Starts the guide of an answer.</summary>
/// <param name="atSequenceStart">Whether its text begins anew, rather than going on with the prompt's.</param>
internal delegate ITokenGuide StartGuide(bool atSequenceStart);

/// <summary>From what a request says about its answers' texts to what holds them to it.</summary>
internal sealed class GuideFactory(GrammarCache grammars)
{
    /// <summary>Gives what starts each answer's guide, or null where answers are free; and what is wrong, or null.</summary>
    public async ValueTask<(StartGuide? Start, ApiError? Error)> CreateAsync(GenerationParameters parameters, Checkpoint checkpoint, CancellationToken cancellation)
    {
        OutputGuidance? asked = Combine(parameters, checkpoint);
        if (CheckCombinations(parameters, asked) is { } error)
            return (null, error);
        if (asked is not null)
        {
            (TokenGrammar? grammar, ApiError? fault) = await grammars.GetAsync(asked, checkpoint, cancellation);
            return (grammar is null ? null : grammar.Start, fault);
        }
        StartGuide? start = null;
        ApiError? excluded = parameters.Sampling.BadWords.Count > 0 ? Exclude(parameters.Sampling.BadWords, checkpoint, out start) : null;
        return (start, excluded ?? await CheckStrictAsync(parameters.Tools, checkpoint, cancellation));
    }

    /// <summary>A strict schema is checked also where calls cannot be held to it.</summary>
    private async ValueTask<ApiError?> CheckStrictAsync(ToolUse? tools, Checkpoint checkpoint, CancellationToken cancellation) =>
        tools is { HoldsFreeCalls: true } ? (await grammars.GetAsync(new ToolCallGuidance(tools, checkpoint.ToolFormat), checkpoint, cancellation)).Error : null;

    private static ApiError? Exclude(IReadOnlyList<string> words, Checkpoint checkpoint, out StartGuide? start)
    {
        start = null;
        try
        {
            start = TokenExclusion.Create(words, checkpoint.Tokenizer, checkpoint.Limits.VocabSize).Start;
            return null;
        }
        catch (GrammarException fault)
        {
            return ApiError.InvalidValue("bad_words", $"Invalid value for 'bad_words': {fault.Message}");
        }
    }

    /// <summary>
    /// Where calls are forced, they are all there is, as with OpenAI: a <c>response_format</c> is for what is said when none is made. Where the model may call, its
    /// answer is calls or what the format describes.
    /// </summary>
    private static OutputGuidance? Combine(GenerationParameters parameters, Checkpoint checkpoint) => parameters.Tools switch
    {
        { Mode: ToolMode.Required } tools => new ToolCallGuidance(tools, checkpoint.ToolFormat),
        { Mode: ToolMode.Auto } tools when parameters.Guidance is { } text => new CallsOrText(new ToolCallGuidance(tools, checkpoint.ToolFormat), text),
        { HoldsFreeCalls: true } tools when CanHoldFreeCalls(checkpoint) => new StrictCalls(new ToolCallGuidance(tools, checkpoint.ToolFormat)),
        _ => parameters.Guidance,
    };

    /// <summary>A grammar speaks of text: a model that begins its calls with a control token could not make any under one.</summary>
    private static bool CanHoldFreeCalls(Checkpoint checkpoint) => !checkpoint.ToolFormat.NeedsMarker || checkpoint.CallTokenId is null;

    /// <summary>Two rules at once could leave no token at all.</summary>
    private static ApiError? CheckCombinations(GenerationParameters parameters, OutputGuidance? asked)
    {
        if (parameters.Tools is { Mode: ToolMode.Required } && parameters.Guidance is { IsFormat: false } other)
            return Together(other.Param, "tool_choice");
        bool hasWords = parameters.Sampling.BadWords.Count > 0, hasTokens = parameters.Sampling.AllowedTokenIds is not null;
        if (asked is { } guidance && (hasWords || hasTokens))
            return Together(hasWords ? "bad_words" : "allowed_token_ids", guidance.Param);
        if (asked is not null && parameters.Stopping.MinTokens > 0 && parameters.Stopping.TokenIds.Length > 0)
            return ApiError.InvalidValue("min_tokens", $"'min_tokens' cannot be combined with 'stop_token_ids' where '{asked.Param}' says what to write: it may leave nothing but such a token. Give one of them.");
        return hasWords && hasTokens ? Together("bad_words", "allowed_token_ids") : null;
    }

    private static ApiError Together(string param, string other) =>
        ApiError.InvalidValue(param, $"'{param}' cannot be combined with '{other}': together they could leave nothing to say. Give one of them.");
}
