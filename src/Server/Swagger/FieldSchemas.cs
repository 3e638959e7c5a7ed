using System.Globalization;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Microsoft.OpenApi;

namespace Llama.Server.Swagger;

/// <summary>From the parser's tables to schemas of the API's description.</summary>
internal static class FieldSchemas
{
    public static OpenApiSchema Of(IReadOnlyList<IField> fields) => new()
    {
        Type = JsonSchemaType.Object,
        AdditionalPropertiesAllowed = false,
        Required = new HashSet<string>(fields.Where(field => field.IsRequired).Select(field => field.Name)),
        Properties = fields.ToDictionary(field => field.Name, Describe),
    };

    private static IOpenApiSchema Describe(IField field)
    {
        OpenApiSchema schema = Of(field.Shape);
        schema.Deprecated = field.Treatment == FieldTreatment.Refused;
        schema.Description = field.Treatment switch
        {
            FieldTreatment.Honoured => field.Note,
            FieldTreatment.Accepted => "Accepted, without effect: " + field.Note,
            _ => "Refused: " + field.Note,
        };
        return schema;
    }

    public static OpenApiSchema Of(FieldShape shape) => shape.Fields is { } fields ? Of(fields) : new OpenApiSchema
    {
        Type = shape.Type is { } type ? Enum.Parse<JsonSchemaType>(type, ignoreCase: true) : null,
        Minimum = shape.IsAboveMinimum ? null : Number(shape.Minimum),
        ExclusiveMinimum = shape.IsAboveMinimum ? Number(shape.Minimum) : null,
        Maximum = Number(shape.Maximum),
        Enum = shape.Words.Count > 0 ? [.. shape.Words.Select(word => (JsonNode)word)] : null,
        Items = shape.Item is { } item ? Of(item) : null,
        MinItems = shape.FewestItems,
        MaxItems = shape.MostItems,
        AdditionalProperties = shape.Value is { } value ? Of(value) : null,
        OneOf = shape.Alternatives.Count > 0 ? [.. shape.Alternatives.Select(Of)] : null,
    };

    private static string? Number(double? number) => number?.ToString("0.##", CultureInfo.InvariantCulture);
}
