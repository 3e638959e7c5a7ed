using Llama.Server.Generating;
using Llama.Server.Parsing;

namespace Llama.Server.Embeddings;

/// <summary>Every field of <c>/v1/embeddings</c>.</summary>
internal static class EmbeddingFields
{
    private const int MostInputs = 2048; // as OpenAI's

    public static FieldTable<EmbeddingRequest> Table { get; } = new FieldTable<EmbeddingRequest>()
        .Custom("input", PromptFields.Shape(MostInputs), (r, v) => r.Inputs = ReadInputs(v), "A text, an array of texts, an array of token ids or an array of such arrays; each within the context.", required: true)
        .Text("model", (r, v) => r.Model = v, "Id or alias of the served model.", required: true)
        .Word("encoding_format", ["float", "base64"], (r, v) => r.AsBase64 = v == "base64", "Numbers, or the base64 of their little-endian float32 bytes. Default: float.")
        .Integer("dimensions", 1, int.MaxValue, (r, v) => r.Dimensions = (int)v, "The size of the model's embeddings, and no other: it was not trained for shortened ones.")
        .Flag("add_special_tokens", (r, v) => r.AddSpecialTokens = v, "Begin texts with BOS, if the checkpoint wants it. Default: true.")
        .Integer("priority", int.MinValue, int.MaxValue, (r, v) => r.Priority = (int)v, "Smaller goes first.")
        .Number("request_timeout", 0, 86_400, (r, v) => r.Timeout = TimeSpan.FromSeconds(v), "Seconds after which the request fails.", aboveMinimum: true)
        .Accept("user", FieldShape.Text, v => v.String(), "Nothing is kept by user.")
        .Refuse("truncate_prompt_tokens", "Inputs are never cut silently; shorten the input.", NoOp.Number(-1));

    private static IReadOnlyList<RawPrompt> ReadInputs(FieldReader field)
    {
        IReadOnlyList<RawPrompt> inputs = PromptFields.Read(field, MostInputs);
        if (inputs.FirstOrDefault(input => input.Text?.Length == 0) is { } empty)
            field.At(empty.Param).Invalid("a text must have at least one character");
        return inputs;
    }
}
