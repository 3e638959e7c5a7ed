using System.Text.Json;
using Llama.Server.Guidance;
using Llama.Server.Parsing;

namespace Llama.Server.Responses;

/// <summary>Reads <c>text</c>: what the answer must look like, in this route's flat shape.</summary>
internal static class TextFormatFields
{
    private static readonly FieldTable<Draft> Format = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("text", "json_object", "json_schema"), (draft, v) => draft.Type = GuidanceFields.ReadType(v), "text, json_object or json_schema.", required: true)
        .Custom("name", FieldShape.Text, (draft, v) => draft.Name = v.Name(), "With type json_schema: letters, digits, `_` and `-`, at most 64.")
        .Custom("schema", FieldShape.Object, (draft, v) => draft.Schema = ReadSchema(v), "With type json_schema: the JSON schema.")
        .Flag("strict", (draft, v) => draft.Strict = v, "Keep to OpenAI's strict subset of JSON schema. Enforced either way.")
        .Text("description", (draft, v) => draft.Description = v, "Comes back in the response; the schema alone is enforced.");

    public static FieldTable<ResponseRequest> Table { get; } = new FieldTable<ResponseRequest>()
        .Custom("format", FieldShape.ObjectOf(Format.Fields), (r, v) => ReadFormat(r, v), "Enforced while the answer is made, for any model.")
        .Refuse("verbosity", "Say it in the instructions.", NoOp.Text("medium"));

    private static void ReadFormat(ResponseRequest request, FieldReader format)
    {
        Draft draft = format.Object(Format, new Draft());
        bool isSchema = draft.Type == "json_schema";
        request.TextFormat = isSchema ? new FormatEcho(draft.Type, draft.Name, draft.Description, draft.Schema, draft.Strict) : new FormatEcho(draft.Type);
        if (!isSchema && (draft.Schema is not null || draft.Name is not null))
            format.Invalid("'schema' and 'name' are only allowed with type json_schema");
        else if (draft.Type == "json_object")
            GuidanceFields.Ask(request, format, new JsonObjectGuidance(format.Path));
        else if (isSchema && (draft.Schema is null || draft.Name is null))
            format.Missing(draft.Name is null ? "name" : "schema");
        else if (draft.Schema is { } schema)
            GuidanceFields.Ask(request, format, new JsonSchemaGuidance(format.Path + ".schema", schema, draft.Strict));
    }

    private static JsonElement? ReadSchema(FieldReader schema) => schema.Expect(JsonValueKind.Object, "an object") ? schema.Kept() : null;

    private sealed class Draft
    {
        public string Type { get; set; } = "";

        public string? Name { get; set; }

        public string? Description { get; set; }

        public JsonElement? Schema { get; set; }

        public bool Strict { get; set; }
    }
}
