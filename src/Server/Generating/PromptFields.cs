using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>Reads a field that holds one or more prompts: a text, an array of texts, an array of token ids or an array of such arrays.</summary>
internal static class PromptFields
{
    private static readonly FieldShape Tokens = FieldShape.ArrayOf(new FieldShape("integer", 0), 1);

    public static FieldShape Shape(int? most = null) =>
        FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.Text, 1, most), Tokens, FieldShape.ArrayOf(Tokens, 1, most));

    /// <summary>Reads from 1 to <paramref name="most"/> prompts.</summary>
    public static IReadOnlyList<RawPrompt> Read(FieldReader field, int most = int.MaxValue)
    {
        if (field.Value.ValueKind == JsonValueKind.String)
            return [new RawPrompt(field.String(), null, field.Path)];
        if (field.Value.ValueKind != JsonValueKind.Array)
            field.WrongType("a string, an array of strings, an array of token ids or an array of such arrays");
        else if (field.Value.GetArrayLength() == 0)
            field.Invalid("expected at least one prompt");
        else
            return field.Value[0].ValueKind switch
            {
                JsonValueKind.Number => [ReadTokens(field)],
                JsonValueKind.Array => [.. field.Items(1, most).Select(ReadTokens)],
                _ => [.. field.Items(1, most).Select(ReadText)],
            };
        return [];
    }

    private static RawPrompt ReadText(FieldReader prompt) => new(prompt.String(), null, prompt.Path);

    private static RawPrompt ReadTokens(FieldReader prompt) => new(null, prompt.Ints(0, int.MaxValue, atLeast: 1), prompt.Path);
}
