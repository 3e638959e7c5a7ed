using System.Text.Json.Serialization;
using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>The whole answer of <c>/v1/completions</c>.</summary>
/// <param name="Id">Names the answer.</param>
/// <param name="Object"><c>text_completion</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="Choices">One per prompt and <c>n</c>; a prompt's answers stand together.</param>
/// <param name="Usage">Token counts.</param>
/// <param name="SystemFingerprint">Changes with whatever may change an answer.</param>
public sealed record Completion(
    string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices, Usage Usage, string SystemFingerprint);

/// <summary>One answer.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Text">The text.</param>
/// <param name="Logprobs">Log-probabilities, when asked for.</param>
/// <param name="FinishReason"><c>stop</c> or <c>length</c>.</param>
/// <param name="PromptTokenIds">The prompt, when <c>return_token_ids</c>.</param>
/// <param name="TokenIds">The drawn tokens, when <c>return_token_ids</c>.</param>
/// <param name="PromptLogprobs">Log-probabilities of the prompt, when <c>prompt_logprobs</c>: null for its first token, then one object per token, by token id.</param>
public sealed record CompletionChoice(
    int Index,
    string Text,
    CompletionLogprobs? Logprobs,
    string FinishReason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? PromptTokenIds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? TokenIds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyDictionary<string, PromptTokenLogprob>?>? PromptLogprobs);

/// <summary>Log-probabilities as columns, one row per token: of the answer, and with <c>echo</c> of the prompt before it.</summary>
/// <param name="Tokens">The tokens' texts.</param>
/// <param name="TokenLogprobs">Their log-probabilities; null for a prompt's first token.</param>
/// <param name="TopLogprobs">The most probable tokens in the place of each and the token itself; null for a prompt's first token.</param>
/// <param name="TextOffset">Where each starts in the choice's text, in code points.</param>
public sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens, IReadOnlyList<float?> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs, IReadOnlyList<int> TextOffset);
