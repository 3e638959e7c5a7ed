using System.Diagnostics.CodeAnalysis;
using Llama.Server.Auth;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;

namespace Llama.Server.Tokenization;

/// <summary>Text to tokens and back, in vLLM's shapes.</summary>
internal static class TokenizationEndpoints
{
    public static void MapTokenization(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync)
            .WithTags("Tokens").WithSummary("Turns a text or a conversation into tokens")
            .WithRequestFields(TokenizationFields.Tokenize.Fields, TokenizationExamples.Tokenize)
            .Answers<TokenizeResult>();
        routes.MapPost("/detokenize", DetokenizeAsync)
            .WithTags("Tokens").WithSummary("Turns tokens into text")
            .WithRequestFields(TokenizationFields.Detokenize.Fields, TokenizationExamples.Detokenize)
            .Answers<DetokenizeResult>();
    }

    private static async Task<IResult> TokenizeAsync(HttpContext context, EngineHost host)
    {
        var request = new TokenizeRequest();
        if ((await RequestBody.ReadAsync(context, TokenizationFields.Tokenize, request) ?? request.Settle()) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, priority: null, out _, out Checkpoint? checkpoint, out ApiError? error) || !TryEncode(request, checkpoint, out int[]? tokens, out error))
            return error;
        string[]? spellings = request.ReturnTokenStrings ? [.. tokens.Select(checkpoint.Tokenizer.Piece)] : null;
        return TypedResults.Json(new TokenizeResult(tokens.Length, checkpoint.ContextLength, tokens, spellings), ApiJson.Web.TokenizeResult);
    }

    private static async Task<IResult> DetokenizeAsync(HttpContext context, EngineHost host)
    {
        var request = new DetokenizeRequest();
        if (await RequestBody.ReadAsync(context, TokenizationFields.Detokenize, request) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, priority: null, out _, out Checkpoint? checkpoint, out ApiError? error))
            return error;
        if (TokenIds.Check("tokens", request.Tokens, checkpoint.Limits.VocabSize) is { } outside)
            return outside;
        return TypedResults.Json(new DetokenizeResult(checkpoint.Tokenizer.Decode(request.Tokens)), ApiJson.Web.DetokenizeResult);
    }

    private static bool TryEncode(TokenizeRequest request, Checkpoint checkpoint, [NotNullWhen(true)] out int[]? tokens, [NotNullWhen(false)] out ApiError? error)
    {
        error = null;
        if (request.Prompt is { } text)
            tokens = checkpoint.Encode(text, request.AddSpecialTokens ?? true);
        else
            tokens = ChatPrompt.TryRender(request, checkpoint, out Prompt? prompt, out error) ? prompt.Tokens : null;
        return tokens is not null;
    }
}
