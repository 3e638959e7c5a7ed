using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Guidance;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Every field of <c>/v1/responses</c> and of <c>/v1/responses/input_tokens</c>.</summary>
internal static class ResponseFields
{
    private const string KeptNote = "Comes back in the response; nothing is kept by it.";
    private const string NoBackground = "Responses are made while their caller waits.";
    private const string ChatHasIt = "Use /v1/chat/completions.";

    private static readonly FieldTable<ResponseRequest> StreamOptionFields = new FieldTable<ResponseRequest>()
        .Flag("include_obfuscation", (r, v) => r.PadsDeltas = v, "Pad deltas with random text, so that their size does not tell the length of what they say. Default: false.");

    public static FieldTable<ResponseRequest> Create { get; } = new FieldTable<ResponseRequest>()
        .AddRouting()
        .AddContext()
        .Integer("max_output_tokens", 1, int.MaxValue, (r, v) => r.MaxTokens = (int)v, "Most tokens of the answer. Default: what the context has room for.")
        .Include(SamplingFields.Table, r => r.Sampling)
        .Include(StoppingFields.Table, r => r.Stopping)
        .AddGuidedForms()
        .AddKeeping()
        .Custom("include", FieldShape.ArrayOf(FieldShape.OneOf(ResponseRequest.LogprobsWord)), (r, v) => ReadInclude(r, v), $"`{ResponseRequest.LogprobsWord}`: the log-probability of each token.")
        .Integer("top_logprobs", 0, 20, (r, v) => r.TopLogprobs = (int)v, $"Report that many alternatives per token; needs `include` with `{ResponseRequest.LogprobsWord}`.")
        .Custom("stream_options", FieldShape.ObjectOf(StreamOptionFields.Fields), (r, v) => ReadStreamOptions(r, v), "`include_obfuscation`; only with `stream`.")
        .Flag("skip_special_tokens", (r, v) => r.SkipSpecialTokens = v, "Whether control tokens print nothing. Default: true.")
        .Integer("max_tool_calls", 1, int.MaxValue, (r, v) => r.MaxToolCalls = (int)v, "Counts calls of built-in tools, of which there are none; comes back in the response.")
        .Accept("service_tier", FieldShape.Text, v => v.String(), "There is one tier.")
        .Refuse("background", NoBackground, NoOp.False)
        .Refuse("background_options", NoBackground, NoOp.EmptyObject)
        .Refuse("prompt_cache_retention", "Prefixes are kept while there is memory.", NoOp.Text("in_memory"))
        .Refuse("prompt_cache_options", "Equal prefixes are found without them.", NoOp.EmptyObject)
        .Refuse("context_management", "Use truncation.", NoOp.EmptyArray)
        .Refuse("moderation", "The server does not classify texts.")
        .Refuse("access_programs", "There are none; keys say who may call.", NoOp.EmptyObject)
        .Refuse("image", "The model reads text only.", NoOp.EmptyObject)
        .Refuse("n", "There is one answer to a request here; for several use /v1/chat/completions.", NoOp.Number(1))
        .Refuse("prompt_logprobs", ChatHasIt)
        .Refuse("return_token_ids", ChatHasIt, NoOp.False)
        .AddRefused();

    public static FieldTable<ResponseRequest> Count { get; } = new FieldTable<ResponseRequest>()
        .Text("model", (r, v) => r.Model = v, "Id or alias of the served model. Default: the one there is.")
        .AddContext()
        .Refuse("personality", "Say it in the instructions.");

    /// <summary>What the model reads and what its answer is to be.</summary>
    private static FieldTable<ResponseRequest> AddContext(this FieldTable<ResponseRequest> table) => table
        .Custom("input", InputFields.Shape, (r, v) => r.Input = InputFields.Read(v), "A user's text, or items: messages, tool calls and their results, oldest first.")
        .Text("instructions", (r, v) => r.Instructions = v, "A system message at the start. Not carried over to the next response.")
        .Text("previous_response_id", (r, v) => r.PreviousResponseId = v, "The stored response whose conversation goes on.")
        .Custom("tools", FieldShape.ArrayOf(FunctionFields.Shape, most: ToolFields.MostTools), (r, v) => r.ToolRequest.Definitions = FunctionFields.Read(v), "Functions that the model may call.")
        .Custom("tool_choice", FunctionChoiceFields.Shape, ReadToolChoice, "none, auto (default), required, one function (called exactly once), or allowed_tools.")
        .Flag("parallel_tool_calls", (r, v) => r.ToolRequest.IsParallel = v, "Whether one answer may hold several calls. Default: true.")
        .Custom("text", FieldShape.ObjectOf(TextFormatFields.Table.Fields), (r, v) => v.Object(TextFormatFields.Table, r), "`format`: text, json_object or json_schema.")
        .Word("truncation", ["auto", "disabled"], (r, v) => r.TruncatesInput = v == "auto", "disabled, or auto: drop the oldest turns of a conversation that is too long, or leaves an answer without a limit less than an eighth of the context.")
        .Refuse("reasoning", "The model does not reason apart from its answer.", AsksNoReasoning)
        .Refuse("conversation", "Conversations are continued by previous_response_id.")
        .Refuse("prompt", "There are no prompt templates; send the text.");

    /// <summary>What is kept with the response, or comes back in it.</summary>
    private static FieldTable<ResponseRequest> AddKeeping(this FieldTable<ResponseRequest> table) => table
        .Flag("store", (r, v) => r.Store = v, "Keep the response for `previous_response_id`: in memory, for no fixed time, until newer ones need the room. One that is larger than all the room comes back with false. Default: true.")
        .Custom("metadata", FieldShape.MapOf(FieldShape.Text), (r, v) => r.Metadata = MetadataField.Read(v), "Up to 16 texts by name, kept with the response.")
        .Text("user", (r, v) => r.User = v, KeptNote)
        .Text("safety_identifier", (r, v) => r.SafetyIdentifier = v, KeptNote)
        .Text("prompt_cache_key", (r, v) => r.PromptCacheKey = v, "Comes back in the response; equal prefixes are found without it.");

    private static void ReadStreamOptions(ResponseRequest request, FieldReader options)
    {
        request.StreamOptions = new StreamOptions();
        options.Object(StreamOptionFields, request);
    }

    private static void ReadToolChoice(ResponseRequest request, FieldReader choice)
    {
        request.ToolRequest.Choice = FunctionChoiceFields.Read(choice);
        request.ToolChoice = choice.Kept();
    }

    private static void ReadInclude(ResponseRequest request, FieldReader include)
    {
        foreach (FieldReader word in include.Items())
        {
            string name = word.String();
            if (name == ResponseRequest.LogprobsWord)
                request.WantsLogprobs = true;
            else
                word.Unsupported($"'{name}': there is nothing of the kind in a response here; only {ResponseRequest.LogprobsWord} can be included.");
        }
    }

    private static bool AsksNoReasoning(JsonElement reasoning) =>
        reasoning.ValueKind == JsonValueKind.Object
        && reasoning.EnumerateObject().All(part => part.Value.ValueKind == JsonValueKind.Null || (part.NameEquals("effort") && NoOp.Text("none")(part.Value)));
}
