using Llama.Server.Guidance;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>The fields that the generating routes share.</summary>
internal static class GenerationFields
{
    private static readonly FieldTable<StreamOptions> StreamOptionFields = new FieldTable<StreamOptions>()
        .Flag("include_usage", (options, value) => options.IncludeUsage = value, "Send the token counts in a last chunk.")
        .Refuse("include_obfuscation", "Chunks are not padded here.", NoOp.False)
        .Refuse("continuous_usage_stats", "Token counts come in the last chunk only.", NoOp.False);

    public static FieldTable<T> AddGeneration<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .AddRouting()
        .AddChunking()
        .Include(SamplingFields.Table, r => r.Sampling)
        .AddCount()
        .Include(StoppingFields.Table, r => r.Stopping)
        .AddGuidance()
        .AddOutput()
        .AddWithoutEffect()
        .AddRefused();

    internal static FieldTable<T> AddRouting<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Text("model", (r, v) => r.Model = v, "Id or alias of the served model.", required: true)
        .Flag("stream", (r, v) => r.Stream = v, "Send the answer as server-sent events while it is made.")
        .Integer("priority", int.MinValue, int.MaxValue, (r, v) => r.Priority = (int)v, "Smaller goes first.")
        .Text("cache_salt", (r, v) => r.CacheSalt = v, "Share cached prefixes only with requests of the same salt.")
        .Number("request_timeout", 0, 86_400, (r, v) => r.Timeout = TimeSpan.FromSeconds(v), "Seconds after which the request fails.", aboveMinimum: true);

    private static FieldTable<T> AddChunking<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Custom(
            "stream_options",
            FieldShape.ObjectOf(StreamOptionFields.Fields),
            (r, v) => r.StreamOptions = v.Object(StreamOptionFields, new StreamOptions()),
            "`include_usage`; only with `stream`.");

    private static FieldTable<T> AddCount<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Integer("n", 1, 128, (r, v) => r.N = (int)v, "Number of answers; bounded by `Server:MaxChoices`.");

    private static FieldTable<T> AddOutput<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Flag("skip_special_tokens", (r, v) => r.SkipSpecialTokens = v, "Whether control tokens print nothing. Default: true.")
        .Integer("prompt_logprobs", 0, 20, (r, v) => r.PromptLogprobs = (int)v, "Add the log-probability of each prompt token, with that many alternatives; not with `stream`.")
        .Flag("return_token_ids", (r, v) => r.ReturnTokenIds = v, "Add `prompt_token_ids` and each answer's `token_ids`.");

    private static FieldTable<T> AddWithoutEffect<T>(this FieldTable<T> table) => table
        .Accept("user", FieldShape.Text, v => v.String(), "Nothing is kept by user.");

    internal static FieldTable<T> AddRefused<T>(this FieldTable<T> table) => table
        .Refuse("use_beam_search", "Beam search is not built.", NoOp.False)
        .Refuse("length_penalty", "Beam search is not built.", NoOp.Number(1))
        .Refuse("truncate_prompt_tokens", "Prompts are never cut silently; shorten the prompt.", NoOp.Number(-1))
        .Refuse("spaces_between_special_tokens", "Special tokens are printed as they are spelled.", NoOp.True)
        .Refuse("detokenize", "The answer is always text; return_token_ids adds the tokens.", NoOp.True)
        .Refuse("return_tokens_as_token_ids", "Use return_token_ids.", NoOp.False)
        .Refuse("logits_processors", "Callers' code does not run here.", NoOp.EmptyArray)
        .Refuse("request_id", "Send it as the x-request-id header.")
        .Refuse("kv_transfer_params", "Prefill and decode run in one server.")
        .Refuse("vllm_xargs", "There are no extensions to give arguments to.", NoOp.EmptyObject);
}
