using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Generating;

/// <summary>The fields that say what ends an answer.</summary>
internal static class StoppingFields
{
    private const string WholeNote = "An answer still ends where nothing may follow: behind a whole choice or JSON, or the only call allowed.";

    public static FieldTable<StoppingRequest> Table { get; } = new FieldTable<StoppingRequest>()
        .Custom("stop", FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.Text, 0, 4)), (r, v) => r.Texts = ReadTexts(v), "A text or 1 to 4 texts that end the answer. Not looked for within tool calls.")
        .Custom("stop_token_ids", FieldShape.ArrayOf(new FieldShape("integer", 0)), (r, v) => r.TokenIds = v.Ints(0, int.MaxValue), "Tokens that end the answer.")
        .Flag("include_stop_str_in_output", (r, v) => r.IsShown = v, "Keep what ended the answer in its text.")
        .Flag("ignore_eos", (r, v) => r.IgnoresEos = v, "Go on after the end-of-sequence token. " + WholeNote)
        .Integer("min_tokens", 0, int.MaxValue, (r, v) => r.MinTokens = (int)v, "Nothing ends the answer before this many tokens. " + WholeNote);

    private static string[] ReadTexts(FieldReader value)
    {
        if (value.Value.ValueKind == JsonValueKind.String)
            return [value.SomeText()];
        if (value.Value.ValueKind == JsonValueKind.Array)
            return [.. value.Items(0, 4).Select(item => item.SomeText())];
        value.WrongType("a string or an array of strings");
        return [];
    }
}
