using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Responses;

/// <summary>Reads what an item says: a text, or an array of parts.</summary>
internal static class ContentFields
{
    private static readonly FieldTable<Draft> Part = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("input_text", "output_text"), (_, v) => CheckPartType(v), "input_text or output_text.", required: true)
        .Text("text", (part, v) => part.Text = v, "The text.", required: true)
        .Accept("annotations", FieldShape.ArrayOf(FieldShape.Object), v => v.Items(), "The chat format has no place for them.")
        .Accept("logprobs", FieldShape.ArrayOf(FieldShape.Object), v => v.Items(), "Text alone is read.")
        .AcceptParsed("parsed")
        .Accept("prompt_cache_breakpoint", FieldShape.Object, v => v.Expect(JsonValueKind.Object, "an object"), "Equal prefixes are found without it.");

    public static FieldShape Shape { get; } = FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.ObjectOf(Part.Fields)));

    public static string[] Read(FieldReader content)
    {
        if (content.Value.ValueKind == JsonValueKind.String)
            return [content.String()];
        return content.Expect(JsonValueKind.Array, "a string or an array of parts") ? [.. content.Items().Select(ReadPart)] : [];
    }

    private static string ReadPart(FieldReader part)
    {
        part.TypeFirst(CheckPartType);
        return part.Object(Part, new Draft()).Text;
    }

    private static void CheckPartType(FieldReader type)
    {
        string name = type.String();
        if (name is not ("input_text" or "output_text"))
            type.Unsupported($"the model reads parts of type input_text and output_text, not '{name}'.");
    }

    /// <summary>A part while it is read.</summary>
    private sealed class Draft
    {
        public string Text { get; set; } = "";
    }
}
