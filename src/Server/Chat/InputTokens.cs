using System.Text.Json.Serialization;

namespace Llama.Server.Chat;

/// <summary>The answer of <c>/v1/chat/completions/input_tokens</c> and <c>/v1/responses/input_tokens</c>.</summary>
/// <param name="Object"><c>chat.completion.input_tokens</c> or <c>response.input_tokens</c>.</param>
/// <param name="Count">Tokens that the prompt would have.</param>
public sealed record InputTokens(string Object, [property: JsonPropertyName("input_tokens")] int Count);
