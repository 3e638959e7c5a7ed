using System.Globalization;
using Llama.Server.Web.Errors;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Llama.Server.Swagger;

/// <summary>Describes what a route can answer with beside its whole answer: a stream, and the errors that follow from what it reads.</summary>
internal sealed class AnswersFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.Responses ??= [];
        // A stream has no schema of its own in OpenAPI 3.0; that of one event's data is shown in its place.
        if (metadata.OfType<StreamsAnswers>().FirstOrDefault() is { } stream && operation.Responses["200"].Content is { } answers)
            answers["text/event-stream"] = new OpenApiMediaType { Schema = context.SchemaGenerator.GenerateSchema(stream.Chunk, context.SchemaRepository) };
        foreach (ErrorAnswer error in ErrorAnswers.Of(metadata, operation.Parameters?.Count > 0))
            operation.Responses[error.Example.Status.ToString(CultureInfo.InvariantCulture)] = Describe(error, context);
    }

    private static OpenApiResponse Describe(ErrorAnswer error, OperationFilterContext context)
    {
        var media = new OpenApiMediaType
        {
            Schema = context.SchemaGenerator.GenerateSchema(typeof(ErrorBody), context.SchemaRepository),
            Example = error.ToExample(),
        };
        return new OpenApiResponse
        {
            Description = error.Description,
            Headers = error.Headers.ToDictionary(header => header.Name, header => (IOpenApiHeader)Header(header.Meaning)),
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = media },
        };
    }

    private static OpenApiHeader Header(string description) => new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
