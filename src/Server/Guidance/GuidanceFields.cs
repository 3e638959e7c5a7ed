using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Parsing;

namespace Llama.Server.Guidance;

/// <summary>The fields that say what an answer must look like: OpenAI's <c>response_format</c> and vLLM's <c>guided_…</c> and <c>structured_outputs</c>.</summary>
internal static class GuidanceFields
{
    private const string NoGrammar = "Grammars are given as JSON schema, regular expression or choice.";

    private static readonly FieldTable<SchemaDraft> SchemaFields = new FieldTable<SchemaDraft>()
        .Custom("name", FieldShape.Text, (_, v) => v.Name(), "Letters, digits, `_` and `-`, at most 64.", required: true)
        .Accept("description", FieldShape.Text, v => v.String(), "The schema alone is enforced.")
        .Custom("schema", FieldShape.Object, (draft, v) => draft.Schema = ReadSchema(v), "The JSON schema. Default: any object.")
        .Flag("strict", (draft, v) => draft.Strict = v, "Keep to OpenAI's strict subset of JSON schema. Enforced either way.");

    private static readonly FieldTable<FormatDraft> FormatFields = new FieldTable<FormatDraft>()
        .Custom("type", FieldShape.OneOf("text", "json_object", "json_schema"), (draft, v) => draft.Type = ReadType(v), "text, json_object or json_schema.", required: true)
        .Custom("json_schema", FieldShape.ObjectOf(SchemaFields.Fields), (draft, v) => draft.Schema = v.Object(SchemaFields, new SchemaDraft { Path = v.Path }), "With type json_schema.");

    private static readonly FieldTable<GenerationParameters> StructuredFields = new FieldTable<GenerationParameters>()
        .AddForms("")
        .Custom("json_object", FieldShape.Flag, (r, v) => AskForObject(r, v), "Any JSON object.")
        .Refuse("grammar", NoGrammar)
        .Refuse("structural_tag", NoGrammar)
        .Refuse("whitespace_pattern", "White space in JSON is set by Server:JsonWhitespace.")
        .Refuse("disable_fallback", "There is one implementation.", NoOp.False)
        .Refuse("disable_any_whitespace", "White space in JSON is set by Server:JsonWhitespace.", NoOp.False)
        .Refuse("disable_additional_properties", "Say it in the schema.", NoOp.False);

    public static FieldTable<T> AddGuidance<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .Custom(
            "response_format",
            FieldShape.ObjectOf(FormatFields.Fields),
            (r, v) => ReadFormat(r, v),
            "`text`, `json_object` or `json_schema`: enforced while the answer is made, for any model.")
        .AddGuidedForms();

    /// <summary>vLLM's fields alone, for routes where OpenAI's stands elsewhere.</summary>
    internal static FieldTable<T> AddGuidedForms<T>(this FieldTable<T> table)
        where T : GenerationParameters => table
        .AddForms("guided_")
        .Custom("structured_outputs", FieldShape.ObjectOf(StructuredFields.Fields), (r, v) => v.Object(StructuredFields, r), "The same as an object: `json`, `regex`, `choice` or `json_object`.")
        .Refuse("guided_grammar", NoGrammar)
        .Refuse("guided_decoding_backend", "There is one implementation.")
        .Refuse("guided_whitespace_pattern", "White space in JSON is set by Server:JsonWhitespace.");

    private static FieldTable<T> AddForms<T>(this FieldTable<T> table, string prefix)
        where T : GenerationParameters => table
        .Custom(prefix + "json", FieldShape.Either(FieldShape.Object, FieldShape.Text), (r, v) => Ask(r, v, new JsonSchemaGuidance(v.Path, ReadSchema(v), Strict: false)), "A JSON schema, as an object or a text, that the answer validates against.")
        .Custom(prefix + "regex", FieldShape.Text, (r, v) => Ask(r, v, new RegexGuidance(v.Path, v.String())), "A regular expression that the whole answer matches.")
        .Custom(prefix + "choice", FieldShape.ArrayOf(FieldShape.Text, 1), (r, v) => Ask(r, v, new ChoiceGuidance(v.Path, ReadChoices(v))), "Texts of which the answer is one.");

    /// <summary>A schema that is kept beyond the request's document; as an object, or as the text of one.</summary>
    internal static JsonElement ReadSchema(FieldReader schema)
    {
        if (schema.Value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)
            return schema.Kept();
        if (schema.Value.ValueKind != JsonValueKind.String)
            schema.WrongType("an object");
        else
            return ReadText(schema);
        return default;
    }

    private static JsonElement ReadText(FieldReader schema)
    {
        try
        {
            return new FieldReader(JsonElement.Parse(schema.String(), RequestBody.Strict), schema.Path, schema.Errors).Kept();
        }
        catch (JsonException exception)
        {
            schema.Invalid($"its text is not JSON{RequestBody.Describe(exception)}");
            return default;
        }
    }

    /// <summary>Reads an object of type <c>response_format</c>; the answer is free where it says <c>text</c>.</summary>
    internal static void ReadFormat(GenerationParameters request, FieldReader format)
    {
        FormatDraft draft = format.Object(FormatFields, new FormatDraft());
        if (draft.Schema is not null && draft.Type != "json_schema")
            format.Invalid("'json_schema' is only allowed with type json_schema");
        else if (draft.Type == "json_object")
            Ask(request, format, new JsonObjectGuidance(format.Path));
        else if (draft.Type == "json_schema" && draft.Schema is null)
            format.Missing("json_schema");
        else if (draft.Schema is { } schema)
            Ask(request, format, schema.ToGuidance());
    }

    internal static void Ask(GenerationParameters request, FieldReader field, OutputGuidance guidance)
    {
        if (request.Guidance is { } earlier)
            field.Invalid($"an answer can be guided by one field only, and '{earlier.Param}' guides it already");
        else
            request.Guidance = guidance;
    }

    private static void AskForObject(GenerationParameters request, FieldReader field)
    {
        if (field.Flag())
            Ask(request, field, new JsonObjectGuidance(field.Path));
    }

    private static string[] ReadChoices(FieldReader choices) => [.. choices.Items(1).Select(item => item.String())];

    internal static string ReadType(FieldReader type)
    {
        string name = type.String();
        if (name is not ("text" or "json_object" or "json_schema"))
            type.Unsupported($"expected text, json_object or json_schema, but got '{name}'.");
        return name;
    }

    private sealed class FormatDraft
    {
        public string Type { get; set; } = "";

        public SchemaDraft? Schema { get; set; }
    }

    private sealed class SchemaDraft
    {
        public required string Path { get; init; }

        public JsonElement? Schema { get; set; }

        public bool Strict { get; set; }

        public OutputGuidance ToGuidance() => Schema is { } schema ? new JsonSchemaGuidance(Path + ".schema", schema, Strict) : new JsonObjectGuidance(Path);
    }
}
