using Llama.Server.Generating;

namespace Llama.Server.Chat;

/// <summary>One event of a streamed <c>/v1/chat/completions</c>; after the last comes <c>data: [DONE]</c>. For the description: chunks are written by hand.</summary>
/// <param name="Id">Names the answer; the same in every chunk.</param>
/// <param name="Object"><c>chat.completion.chunk</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="SystemFingerprint">Changes with whatever may change an answer.</param>
/// <param name="Choices">One; none in the chunk that has the token counts.</param>
/// <param name="Usage">Token counts, in the last chunk when <c>stream_options.include_usage</c>.</param>
/// <param name="PromptTokenIds">The prompt, in a choice's first chunk when <c>return_token_ids</c>.</param>
public sealed record ChatCompletionChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    string SystemFingerprint,
    IReadOnlyList<ChatChunkChoice> Choices,
    Usage? Usage,
    int[]? PromptTokenIds);

/// <summary>The next piece of one answer.</summary>
/// <param name="Index">The answer's number, from 0.</param>
/// <param name="Delta">The piece.</param>
/// <param name="Logprobs">Log-probabilities of its tokens, when asked for.</param>
/// <param name="FinishReason">Why the answer ended, in its last chunk; else null.</param>
/// <param name="TokenIds">Its tokens, when <c>return_token_ids</c>.</param>
public sealed record ChatChunkChoice(int Index, ChatDelta Delta, ChatLogprobs? Logprobs, string? FinishReason, int[]? TokenIds);

/// <summary>A piece of what the assistant says.</summary>
/// <param name="Role"><c>assistant</c>, in an answer's first chunk.</param>
/// <param name="Content">More text.</param>
/// <param name="ToolCalls">A part of one tool call.</param>
public sealed record ChatDelta(string? Role, string? Content, IReadOnlyList<ChatToolCallDelta>? ToolCalls);

/// <summary>A part of a tool call: first its name, then its arguments in pieces.</summary>
/// <param name="Index">The call's number, from 0.</param>
/// <param name="Id">What the tool message with the result refers to, in the call's first part.</param>
/// <param name="Type"><c>function</c>, in the call's first part.</param>
/// <param name="Function">The function's name or more of its arguments.</param>
public sealed record ChatToolCallDelta(int Index, string? Id, string? Type, ChatFunctionDelta Function);

/// <summary>A part of a call's content.</summary>
/// <param name="Name">The function, in the call's first part.</param>
/// <param name="Arguments">More of the text of the arguments' JSON.</param>
public sealed record ChatFunctionDelta(string? Name, string Arguments);
