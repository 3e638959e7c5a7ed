using Llama.Model.Guidance;
using Llama.Server.Errors;
using Llama.Server.Generating;
using Llama.Server.Hosting;

namespace Llama.Server.Guidance;

/// <summary>Starts the guide of an answer.</summary>
/// <param name="atSequenceStart">Whether its text begins anew, rather than going on with the prompt's.</param>
internal delegate ITokenGuide StartGuide(bool atSequenceStart);

/// <summary>From what a request says about its answers' texts to what holds them to it.</summary>
internal sealed class GuideFactory(GrammarCache grammars)
{
    /// <summary>Gives what starts each answer's guide, or null where answers are free; and what is wrong, or null.</summary>
    public ApiError? TryCreate(GenerationParameters parameters, Checkpoint checkpoint, out StartGuide? start)
    {
        start = null;
        ApiError? error = CheckCombinations(parameters);
        if (error is not null)
            return error;
        if (parameters.Guidance is { } guidance && grammars.TryGet(guidance, checkpoint, out TokenGrammar? grammar, out error))
            start = grammar.Start;
        else if (parameters.BadWords.Count > 0)
            error = TryExclude(parameters.BadWords, checkpoint, out start);
        return error;
    }

    private static ApiError? TryExclude(IReadOnlyList<string> words, Checkpoint checkpoint, out StartGuide? start)
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

    /// <summary>Two rules at once could leave no token at all.</summary>
    private static ApiError? CheckCombinations(GenerationParameters parameters)
    {
        bool hasWords = parameters.BadWords.Count > 0, hasTokens = parameters.AllowedTokenIds is not null;
        if (parameters.Guidance is { } guidance && (hasWords || hasTokens))
            return Together(hasWords ? "bad_words" : "allowed_token_ids", guidance.Param);
        return hasWords && hasTokens ? Together("bad_words", "allowed_token_ids") : null;
    }

    private static ApiError Together(string param, string other) =>
        ApiError.InvalidValue(param, $"'{param}' cannot be combined with '{other}': together they could leave nothing to say. Give one of them.");
}
