namespace Llama.Server.Embeddings;

/// <summary>The answer of <c>/v1/embeddings</c>.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">One per input, in order.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="Usage">Token counts.</param>
public sealed record EmbeddingList(string Object, IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage);

/// <summary>One input's embedding.</summary>
/// <param name="Object"><c>embedding</c>.</param>
/// <param name="Index">The input's number, from 0.</param>
/// <param name="Embedding">The mean of the last hidden states, of norm 1; with <c>encoding_format</c> base64 a text, the base64 of the little-endian float32 numbers.</param>
public sealed record EmbeddingItem(string Object, int Index, IReadOnlyList<float> Embedding);

/// <summary>Token counts of a request for embeddings.</summary>
/// <param name="PromptTokens">Tokens of all inputs, BOS included.</param>
/// <param name="TotalTokens">The same: nothing is generated.</param>
public sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);
