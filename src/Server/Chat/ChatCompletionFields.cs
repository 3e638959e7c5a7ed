using Llama.Server.Generating;
using Llama.Server.Parsing;

namespace Llama.Server.Chat;

/// <summary>Every field of <c>/v1/chat/completions</c>.</summary>
internal static class ChatCompletionFields
{
    private const string TextOnly = "The model reads and writes text only.";

    public static FieldTable<ChatCompletionRequest> Table { get; } = new FieldTable<ChatCompletionRequest>()
        .AddConversation(messagesRequired: true)
        .AddGeneration()
        .Integer("max_completion_tokens", 1, int.MaxValue, (r, v) => r.MaxCompletionTokens = (int)v, "Most tokens of an answer. Default: what the context has room for.")
        .Integer("max_tokens", 1, int.MaxValue, (r, v) => r.MaxTokens = (int)v, "The older name of `max_completion_tokens`.")
        .Flag("parallel_tool_calls", (r, v) => r.ToolRequest.IsParallel = v, "Whether one answer may call several times; else it ends with the first call. Default: true.")
        .Flag("logprobs", (r, v) => r.WantsLogprobs = v, "Report the log-probability of each token.")
        .Integer("top_logprobs", 0, 20, (r, v) => r.TopLogprobs = (int)v, "Report that many alternatives per token; needs `logprobs`.")
        .Accept("metadata", FieldShape.MapOf(FieldShape.Text), v => MetadataField.Read(v), "Nothing is stored.")
        .Accept("store", FieldShape.Flag, v => v.Flag(), "Nothing is stored.")
        .Accept("service_tier", FieldShape.Text, v => v.String(), "There is one tier.")
        .Accept("safety_identifier", FieldShape.Text, v => v.String(), "Nothing is kept by user.")
        .Accept("prompt_cache_key", FieldShape.Text, v => v.String(), "Equal prefixes are found without it.")
        .Refuse("prompt_cache_options", "Prefixes are kept while there is memory.", NoOp.EmptyObject)
        .Refuse("prompt_cache_retention", "Prefixes are kept while there is memory.", NoOp.Text("in_memory", "in-memory"))
        .Refuse("functions", "Use `tools`, which took its place.", NoOp.EmptyArray)
        .Refuse("function_call", "Use `tool_choice`, which took its place.", NoOp.Text("none", "auto"))
        .Refuse("add_special_tokens", "The chat format places the special tokens.", NoOp.False)
        .Refuse("echo", "Use /v1/completions.", NoOp.False)
        .Refuse("moderation", "The server does not classify texts.")
        .Refuse("modalities", TextOnly, NoOp.Only("text"))
        .Refuse("audio", TextOnly)
        .Refuse("prediction", "Predicted outputs are not built.")
        .Refuse("web_search_options", "There is no web search.")
        .Refuse("reasoning_effort", "The model does not reason apart from its answer.", NoOp.Text("none"))
        .Refuse("verbosity", "Say it in a message.", NoOp.Text("medium"));
}
