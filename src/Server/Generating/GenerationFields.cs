using System.Globalization;
using System.Text.Json;
using Llama.Model.Sampling;
using Llama.Server.Guidance;
using Llama.Server.Hosting;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>The fields that the generating routes share.</summary>
internal static class GenerationFields
{
    private const string WholeNote = "An answer still ends where nothing may follow: behind a whole choice or JSON, or the only call allowed.";

    private static readonly FieldTable<StreamOptions> StreamOptionFields = new FieldTable<StreamOptions>()
        .Flag("include_usage", (options, value) => options.IncludeUsage = value, "Send the token counts in a last chunk.")
        .Refuse("include_obfuscation", "Chunks are not padded here.", NoOp.False)
        .Refuse("continuous_usage_stats", "Token counts come in the last chunk only.", NoOp.False);

    public static FieldTable<T> AddGeneration<T>(this FieldTable<T> table)
        where T : GenerationParameters => table.AddRouting().AddChunking().AddSampling().AddCount().AddStopping().AddGuidance().AddOutput().AddWithoutEffect().AddRefused();

    internal static FieldTable<T> AddRouting<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Custom("model", FieldShape.Text, (r, v) => r.Model = v.String(), "Id or alias of the served model.", required: true)
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

    internal static FieldTable<T> AddSampling<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Number("temperature", 0, 2, (r, v) => r.Temperature = (float)v, "Divides the logits; 0 is greedy. Default: the checkpoint's, else 1.")
        .Number("top_p", 0, 1, (r, v) => r.TopP = (float)v, "Nucleus sampling. Default: the checkpoint's, else 1.", aboveMinimum: true)
        .Integer("top_k", -1, int.MaxValue, (r, v) => r.TopK = (int)Math.Max(v, 0), "Keeps the k most probable tokens; 0 or -1 keeps all.")
        .Number("min_p", 0, 1, (r, v) => r.MinP = (float)v, "Drops tokens less probable than this share of the most probable one.")
        .Number("typical_p", 0, 1, (r, v) => r.TypicalP = (float)v, "Locally typical sampling: keeps the tokens least surprising about their surprise, up to this mass.", aboveMinimum: true)
        .Number("repetition_penalty", GenerationDefaults.LeastPenalty, 100, (r, v) => r.RepetitionPenalty = (float)v, "Above 1 discourages tokens already seen.")
        .Number("presence_penalty", -2, 2, (r, v) => r.PresencePenalty = (float)v, "Subtracted once from tokens already generated.")
        .Number("frequency_penalty", -2, 2, (r, v) => r.FrequencyPenalty = (float)v, "Subtracted from tokens once per time they were generated.")
        .Custom("logit_bias", FieldShape.MapOf(new FieldShape("number", -100, 100)), (r, v) => r.LogitBias = ReadBias(v), "Token id to a number from -100 to 100, added to its logit.")
        .Custom(
            "allowed_token_ids",
            FieldShape.ArrayOf(new FieldShape("integer", 0), 1),
            (r, v) => r.AllowedTokenIds = v.Ints(0, int.MaxValue, atLeast: 1),
            "The only tokens that may be drawn; without an end token among them the answer ends at its limit.")
        .Custom("bad_words", FieldShape.ArrayOf(FieldShape.Text), (r, v) => r.BadWords = ReadTexts([.. v.Items()]), "Texts that the answer never holds, however they are cut into tokens.")
        .Integer("seed", long.MinValue, long.MaxValue, (r, v) => r.Seed = v, "Fixes the draws whatever else shares the batch. Default: random.");

    private static FieldTable<T> AddCount<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Integer("n", 1, 128, (r, v) => r.N = (int)v, "Number of answers; bounded by `Server:MaxChoices`.");

    internal static FieldTable<T> AddStopping<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Custom("stop", FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.Text, 0, 4)), (r, v) => r.Stop = ReadStop(v), "A text or 1 to 4 texts that end the answer. Not looked for within tool calls.")
        .Custom("stop_token_ids", FieldShape.ArrayOf(new FieldShape("integer", 0)), (r, v) => r.StopTokenIds = v.Ints(0, int.MaxValue), "Tokens that end the answer.")
        .Flag("include_stop_str_in_output", (r, v) => r.IncludeStopString = v, "Keep what ended the answer in its text.")
        .Flag("ignore_eos", (r, v) => r.IgnoreEos = v, "Go on after the end-of-sequence token. " + WholeNote)
        .Integer("min_tokens", 0, int.MaxValue, (r, v) => r.MinTokens = (int)v, "Nothing ends the answer before this many tokens. " + WholeNote);

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

    private static List<string> ReadStop(FieldReader value)
    {
        if (value.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            value.WrongType("a string or an array of strings");
            return [];
        }
        return ReadTexts(value.Value.ValueKind == JsonValueKind.String ? [value] : [.. value.Items(0, 4)]);
    }

    private static List<string> ReadTexts(FieldReader[] items)
    {
        foreach (FieldReader item in items)
        {
            if (item.String().Length == 0)
                item.Invalid("a text must have at least one character");
        }
        return [.. items.Select(item => item.String())];
    }

    private static List<TokenBias> ReadBias(FieldReader value)
    {
        var biases = new List<TokenBias>();
        if (!value.Expect(JsonValueKind.Object, "an object"))
            return biases;
        foreach (JsonProperty pair in value.Value.EnumerateObject())
        {
            var bias = new FieldReader(pair.Value, $"{value.Path}.{pair.Name}", value.Errors);
            bool isId = int.TryParse(pair.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token);
            if (isId && (pair.Name.Length == 1 || pair.Name[0] != '0')) // one spelling, lest a token be given twice
                biases.Add(new TokenBias(token, (float)bias.Number(-100, 100)));
            else
                bias.Invalid("the key must be a token id, without leading zeros");
        }
        return biases;
    }
}
