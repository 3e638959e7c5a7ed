using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Parsing;

namespace Llama.Server.Completions;

/// <summary>Every field of <c>/v1/completions</c>.</summary>
internal static class CompletionFields
{
    public static FieldTable<CompletionRequest> Table { get; } = new FieldTable<CompletionRequest>()
        .Custom("prompt", FieldShape.Any, (r, v) => r.Prompts = ReadPrompts(v), "A text, an array of texts, an array of token ids or an array of such arrays.", required: true)
        .AddGeneration()
        .Integer("max_tokens", 1, int.MaxValue, (r, v) => r.MaxTokens = (int)v, "Most tokens of an answer. Default: 16, as OpenAI's.")
        .Integer("logprobs", 0, 5, (r, v) => r.TopLogprobs = (int)v, "Report log-probabilities, with that many alternatives per token.")
        .Flag("echo", (r, v) => r.Echo = v, "Begin the answer with the prompt; without `logprobs`.")
        .Integer("best_of", 1, 20, (r, v) => r.BestOf = (int)v, "Must equal `n`: answers are not ranked.")
        .Flag("add_special_tokens", (r, v) => r.AddSpecialTokens = v, "Begin text prompts with BOS. Default: true.")
        .Refuse("suffix", "The model was not trained to fill in the middle.", NoOp.Text(""));

    private static IReadOnlyList<RawPrompt> ReadPrompts(FieldReader prompt)
    {
        if (prompt.Value.ValueKind == JsonValueKind.String)
            return [new RawPrompt(prompt.String(), null, prompt.Path)];
        if (prompt.Value.ValueKind == JsonValueKind.Array && prompt.Value.GetArrayLength() > 0)
            return prompt.Value[0].ValueKind == JsonValueKind.Number ? [ReadTokens(prompt)] : [.. prompt.Items(1).Select(ReadOne)];
        if (prompt.Value.ValueKind == JsonValueKind.Array)
            prompt.Invalid("expected at least one prompt");
        else
            prompt.WrongType("a string, an array of strings, an array of token ids or an array of such arrays");
        return [];
    }

    private static RawPrompt ReadOne(FieldReader prompt)
    {
        if (prompt.Value.ValueKind == JsonValueKind.Array)
            return ReadTokens(prompt);
        if (prompt.Value.ValueKind != JsonValueKind.String)
            prompt.WrongType("a string or an array of token ids");
        return new RawPrompt(prompt.String(), null, prompt.Path);
    }

    private static RawPrompt ReadTokens(FieldReader prompt) => new(null, prompt.Ints(0, int.MaxValue, atLeast: 1), prompt.Path);
}
