using System.Globalization;
using System.Text.Json.Nodes;
using Llama.Server.Hosting;
using Llama.Server.Parsing;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Llama.Server.Swagger;

/// <summary>Describes request bodies from the tables that parse them, and answers that can be streams.</summary>
internal sealed class RequestFieldsFilter(ModelIdentity identity) : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<RequestFields>().FirstOrDefault() is { } request)
            operation.RequestBody = Body(request);
        if (metadata.OfType<StreamsAnswers>().FirstOrDefault() is { } streams && operation.Responses?["200"].Content is { } answers)
            answers["text/event-stream"] = Stream(streams.Note);
    }

    private OpenApiRequestBody Body(RequestFields request)
    {
        var example = (JsonObject)request.Example.DeepClone();
        if (request.Fields.Any(field => field.Name == "model"))
            example.Insert(0, "model", identity.Name);
        var media = new OpenApiMediaType { Schema = Schema(request.Fields), Example = example };
        return new OpenApiRequestBody { Required = true, Content = new Dictionary<string, IOpenApiMediaType> { ["application/json"] = media } };
    }

    private static OpenApiMediaType Stream(string note) => new()
    {
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = note },
    };

    private static OpenApiSchema Schema(IReadOnlyList<IField> fields) => new()
    {
        Type = JsonSchemaType.Object,
        AdditionalPropertiesAllowed = false,
        Required = new HashSet<string>(fields.Where(field => field.IsRequired).Select(field => field.Name)),
        Properties = fields.ToDictionary(field => field.Name, Describe),
    };

    private static IOpenApiSchema Describe(IField field)
    {
        OpenApiSchema schema = Schema(field.Shape);
        schema.Deprecated = field.Treatment == FieldTreatment.Refused;
        schema.Description = field.Treatment switch
        {
            FieldTreatment.Honoured => field.Note,
            FieldTreatment.Accepted => "Accepted, without effect: " + field.Note,
            _ => "Refused: " + field.Note,
        };
        return schema;
    }

    private static OpenApiSchema Schema(FieldShape shape) => shape.Fields is { } fields ? Schema(fields) : new OpenApiSchema
    {
        Type = shape.Type is { } type ? Enum.Parse<JsonSchemaType>(type, ignoreCase: true) : null,
        Minimum = shape.Minimum?.ToString("0.##", CultureInfo.InvariantCulture),
        Maximum = shape.Maximum?.ToString("0.##", CultureInfo.InvariantCulture),
        Items = shape.Item is { } item ? Schema(item) : null,
    };
}
