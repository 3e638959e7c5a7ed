using System.Text.Json.Nodes;
using Llama.Server.Hosting;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Llama.Server.Swagger;

/// <summary>Describes request bodies from the tables that parse them.</summary>
internal sealed class RequestFieldsFilter(ModelIdentity identity) : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<RequestFields>().FirstOrDefault() is { } request)
            operation.RequestBody = Body(request, [.. metadata.OfType<RequestExample>()]);
    }

    private OpenApiRequestBody Body(RequestFields request, RequestExample[] more)
    {
        var media = new OpenApiMediaType { Schema = FieldSchemas.Of(request.Fields) };
        if (more.Length == 0)
            media.Example = WithModel(request.Example, request);
        else
            media.Examples = Examples(request, [new RequestExample("plain", "A plain request", request.Example), .. more]);
        return new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = media } };
    }

    private Dictionary<string, IOpenApiExample> Examples(RequestFields request, RequestExample[] examples) => examples.ToDictionary(
        example => example.Name,
        example => (IOpenApiExample)new OpenApiExample { Summary = example.Summary, Value = WithModel(example.Body, request) });

    private JsonObject WithModel(JsonObject body, RequestFields request)
    {
        var example = (JsonObject)body.DeepClone();
        if (request.Fields.Any(field => field.Name == "model"))
            example.Insert(0, "model", identity.Name);
        return example;
    }
}
