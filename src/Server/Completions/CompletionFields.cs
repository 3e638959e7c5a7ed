using Llama.Server.Generating;
using Llama.Server.Parsing;

namespace Llama.Server.Completions;

/// <summary>Every field of <c>/v1/completions</c>.</summary>
internal static class CompletionFields
{
    public static FieldTable<CompletionRequest> Table { get; } = new FieldTable<CompletionRequest>()
        .Custom("prompt", PromptFields.Shape(), (r, v) => r.Prompts = PromptFields.Read(v), "A text, an array of texts, an array of token ids or an array of such arrays.", required: true)
        .AddGeneration()
        .Integer("max_tokens", 0, int.MaxValue, (r, v) => r.MaxTokens = (int)v, "Most tokens of an answer. 0, with `echo` or `prompt_logprobs`, only scores the prompt. Default: 16, as OpenAI's.")
        .Integer("logprobs", 0, 5, (r, v) => r.TopLogprobs = (int)v, "Report log-probabilities, with that many alternatives per token; with `echo` the prompt's too.")
        .Flag("echo", (r, v) => r.Echo = v, "Begin the answer with the prompt.")
        .Integer("best_of", 1, 20, (r, v) => r.BestOf = (int)v, "Make that many answers and return the `n` of the highest mean log-probability per token; above `n` not with `stream`.")
        .Flag("add_special_tokens", (r, v) => r.AddSpecialTokens = v, "Begin text prompts with BOS. Default: true.")
        .Refuse("suffix", "The model was not trained to fill in the middle.", NoOp.Text(""));
}
