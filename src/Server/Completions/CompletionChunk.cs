using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>One event of a streamed <c>/v1/completions</c>; after the last comes <c>data: [DONE]</c>. For the description: chunks are written by hand.</summary>
/// <param name="Id">Names the answer; the same in every chunk.</param>
/// <param name="Object"><c>text_completion</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="SystemFingerprint">Changes with whatever may change an answer.</param>
/// <param name="Choices">One; none in the chunk that has the token counts.</param>
/// <param name="Usage">Token counts, in the last chunk when <c>stream_options.include_usage</c>.</param>
public sealed record CompletionChunk(
    string Id, string Object, long Created, string Model, string SystemFingerprint, IReadOnlyList<CompletionChunkChoice> Choices, Usage? Usage);

/// <summary>The next piece of one answer; with <c>echo</c> the first is the prompt.</summary>
/// <param name="Index">The answer's number, from 0.</param>
/// <param name="Text">More text.</param>
/// <param name="Logprobs">Log-probabilities of its tokens, when asked for.</param>
/// <param name="FinishReason">Why the answer ended, in its last chunk; else null.</param>
/// <param name="PromptTokenIds">The prompt, in a choice's first chunk when <c>return_token_ids</c>.</param>
/// <param name="TokenIds">The piece's tokens, when <c>return_token_ids</c>.</param>
public sealed record CompletionChunkChoice(int Index, string Text, CompletionLogprobs? Logprobs, string? FinishReason, int[]? PromptTokenIds, int[]? TokenIds);
