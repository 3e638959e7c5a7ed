using System.Diagnostics.CodeAnalysis;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Embeddings;

/// <summary>One text to embed, as the engine takes it.</summary>
/// <param name="Request">Its tokens.</param>
/// <param name="Param">Path of the field it came from.</param>
internal sealed record EmbeddingInput(GenerationRequest Request, string Param);

/// <summary>From the inputs of a request to those of the engine.</summary>
internal static class EmbeddingInputs
{
    /// <summary>Tokens of all of them.</summary>
    public static int TokenCount(this IEnumerable<EmbeddingInput> inputs) => inputs.Sum(input => input.Request.PromptTokenIds.Length);

    public static bool TryEncode(
        EmbeddingRequest request, Checkpoint checkpoint, Caller? caller, RequestOrigin origin, [NotNullWhen(true)] out EmbeddingInput[]? inputs,
        [NotNullWhen(false)] out ApiError? error)
    {
        error = CheckDimensions(request.Dimensions, checkpoint.Limits.HiddenSize) ?? RawPrompt.Check(request.Inputs, checkpoint.Limits.VocabSize);
        inputs = error is null ? [.. request.Inputs.Select(input => Encode(request, input, checkpoint, caller, origin))] : null;
        error ??= inputs!.Select(input => Check(input, checkpoint)).FirstOrDefault(fault => fault is not null);
        return error is null;
    }

    private static ApiError? CheckDimensions(int? asked, int size) => asked is null || asked == size
        ? null
        : ApiError.UnsupportedValue("dimensions", $"this model's embeddings have {size} dimensions and cannot be shortened; give {size}, or leave it out.");

    private static EmbeddingInput Encode(EmbeddingRequest request, RawPrompt raw, Checkpoint checkpoint, Caller? caller, RequestOrigin origin)
    {
        var input = new GenerationRequest
        {
            PromptTokenIds = raw.Encode(checkpoint, request.AddSpecialTokens),
            MaxTokens = 0,
            WantsEmbedding = true,
            Priority = request.Priority ?? 0,
            Timeout = request.Timeout,
            Origin = origin,
        };
        return new EmbeddingInput(caller?.Share(input) ?? input, raw.Param);
    }

    private static ApiError? Check(EmbeddingInput input, Checkpoint checkpoint)
    {
        int count = input.Request.PromptTokenIds.Length, most = checkpoint.Limits.LongestPrompt;
        if (count == 0)
            return ApiError.InvalidValue(input.Param, $"Invalid value for '{input.Param}': the input has no tokens.");
        return count > most ? ApiError.InputLength(input.Param, count, most) : null;
    }
}
