using System.Diagnostics.CodeAnalysis;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Completions;

/// <summary>Turns the prompts of a request into tokens.</summary>
internal static class CompletionPrompts
{
    public static bool TryEncode(CompletionRequest request, Checkpoint checkpoint, [NotNullWhen(true)] out Prompt[]? prompts, [NotNullWhen(false)] out ApiError? error)
    {
        error = RawPrompt.Check(request.Prompts, checkpoint.Limits.VocabSize);
        prompts = error is null ? [.. request.Prompts.Select(prompt => Encode(request, prompt, checkpoint))] : null;
        return error is null;
    }

    private static Prompt Encode(CompletionRequest request, RawPrompt raw, Checkpoint checkpoint)
    {
        int[] tokens = raw.Encode(checkpoint, request.AddSpecialTokens);
        bool hasText = tokens.Any(id => !checkpoint.Tokenizer.IsSpecial(id));
        string echo = request.Echo ? raw.Text ?? checkpoint.Tokenizer.Decode(tokens, request.SkipSpecialTokens) : "";
        return new Prompt(tokens, raw.Param, ContinuesText: hasText, echo);
    }
}
