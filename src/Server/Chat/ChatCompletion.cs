using System.Text.Json.Serialization;
using Llama.Server.Generating;

namespace Llama.Server.Chat;

/// <summary>The whole answer of <c>/v1/chat/completions</c>.</summary>
/// <param name="Id">Names the answer.</param>
/// <param name="Object"><c>chat.completion</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="Choices">One per <c>n</c>.</param>
/// <param name="Usage">Token counts.</param>
/// <param name="SystemFingerprint">Changes with whatever may change an answer.</param>
/// <param name="PromptTokenIds">The prompt, when <c>return_token_ids</c>.</param>
/// <param name="PromptLogprobs">Log-probabilities of the prompt, when <c>prompt_logprobs</c>: null for its first token, then one object per token, by token id.</param>
public sealed record ChatCompletion(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChatChoice> Choices,
    Usage Usage,
    string SystemFingerprint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? PromptTokenIds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyDictionary<string, PromptTokenLogprob>?>? PromptLogprobs);

/// <summary>One answer.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Message">What the assistant says.</param>
/// <param name="Logprobs">Log-probabilities, when asked for.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
/// <param name="TokenIds">The drawn tokens, when <c>return_token_ids</c>.</param>
public sealed record ChatChoice(
    int Index,
    ChatAnswerMessage Message,
    ChatLogprobs? Logprobs,
    string FinishReason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? TokenIds);

/// <summary>What the assistant says.</summary>
/// <param name="Role"><c>assistant</c>.</param>
/// <param name="Content">The text; null where it only calls tools.</param>
/// <param name="ToolCalls">The tools it calls, if any.</param>
/// <param name="Refusal">Always null: the server does not classify answers.</param>
public sealed record ChatAnswerMessage(
    string Role,
    string? Content,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCallMessage>? ToolCalls,
    string? Refusal);

/// <summary>Log-probabilities of an answer's tokens.</summary>
/// <param name="Content">One per token of the text.</param>
/// <param name="Refusal">Always null.</param>
public sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content, string? Refusal);

/// <summary>One token and its alternatives.</summary>
/// <param name="Token">Its text.</param>
/// <param name="Logprob">Its log-probability under the model, before temperature and truncation.</param>
/// <param name="Bytes">The UTF-8 bytes that it adds to the text; characters can be split over tokens, and control tokens that are skipped add none.</param>
/// <param name="TopLogprobs">The most probable alternatives, best first.</param>
public sealed record ChatTokenLogprob(string Token, float Logprob, int[] Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

/// <summary>An alternative.</summary>
/// <param name="Token">Its text.</param>
/// <param name="Logprob">Its log-probability.</param>
/// <param name="Bytes">Its UTF-8 bytes.</param>
public sealed record ChatTopLogprob(string Token, float Logprob, int[] Bytes);
