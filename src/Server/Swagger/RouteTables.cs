using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Embeddings;
using Llama.Server.Parsing;
using Llama.Server.Responses;
using Llama.Server.Tokenization;

namespace Llama.Server.Swagger;

/// <summary>What one or more routes read.</summary>
/// <param name="Routes">Their addresses; each takes POST.</param>
/// <param name="Fields">Every field.</param>
internal sealed record RouteTable(string[] Routes, IReadOnlyList<IField> Fields);

/// <summary>The tables of all routes that read a body.</summary>
internal static class RouteTables
{
    public static IReadOnlyList<RouteTable> All { get; } =
    [
        new(["/v1/chat/completions", "/v1/chat/completions/input_tokens"], ChatCompletionFields.Table.Fields),
        new(["/v1/completions"], CompletionFields.Table.Fields),
        new(["/v1/responses"], ResponseFields.Create.Fields),
        new(["/v1/responses/input_tokens"], ResponseFields.Count.Fields),
        new(["/v1/embeddings"], EmbeddingFields.Table.Fields),
        new(["/tokenize"], TokenizationFields.Tokenize.Fields),
        new(["/detokenize"], TokenizationFields.Detokenize.Fields),
    ];
}
