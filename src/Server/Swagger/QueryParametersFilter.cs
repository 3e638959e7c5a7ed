using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Llama.Server.Swagger;

/// <summary>Describes what routes read from their query; the routes read it themselves, so that no name is ignored.</summary>
internal sealed class QueryParametersFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Parameters ??= [];
        foreach (QueryParameter parameter in context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<QueryParameter>())
            operation.Parameters.Add(Describe(parameter));
    }

    private static OpenApiParameter Describe(QueryParameter parameter) => new()
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = (parameter.IsRefused ? "Refused: " : "") + parameter.Note,
        Deprecated = parameter.IsRefused,
        Schema = FieldSchemas.Of(parameter.Shape),
    };
}
