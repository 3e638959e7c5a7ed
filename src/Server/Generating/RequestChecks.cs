using Llama.Model.Sampling;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>What is wrong with a request of which each field is right by itself, on every route that generates.</summary>
internal static class RequestChecks
{
    /// <summary>Fields that do not go together.</summary>
    public static ApiError? Combinations(GenerationParameters parameters)
    {
        if (parameters.StreamOptions is not null && !parameters.Stream)
            return ApiError.InvalidValue("stream_options", "'stream_options' is only allowed when 'stream' is true.");
        return parameters.PromptLogprobs is not null && parameters.Stream
            ? ApiError.InvalidValue("prompt_logprobs", "'prompt_logprobs' come with a whole answer only; give it without 'stream'.")
            : null;
    }

    /// <summary>Tokens that the model does not have, or that leave it nothing to say.</summary>
    public static ApiError? Tokens(GenerationParameters parameters, Checkpoint checkpoint)
    {
        int vocabSize = checkpoint.Limits.VocabSize;
        foreach (TokenBias bias in parameters.Sampling.LogitBias)
        {
            if (bias.TokenId >= vocabSize)
                return TokenIds.Outside($"logit_bias.{bias.TokenId}", bias.TokenId, vocabSize);
        }
        return TokenIds.Check("stop_token_ids", parameters.Stopping.TokenIds, vocabSize)
            ?? TokenIds.Check("allowed_token_ids", parameters.Sampling.AllowedTokenIds ?? [], vocabSize)
            ?? Allowed(parameters, checkpoint.Defaults);
    }

    private static ApiError? Allowed(GenerationParameters parameters, GenerationDefaults defaults) =>
        parameters.Stopping.MinTokens > 0 && parameters.Sampling.AllowedTokenIds is { } allowed && !allowed.Except(parameters.Stopping.TokenIdsWith(defaults)).Any()
            ? ApiError.InvalidValue("allowed_token_ids", "'allowed_token_ids' holds only tokens that end the answer, which 'min_tokens' forbids at its start.")
            : null;
}
