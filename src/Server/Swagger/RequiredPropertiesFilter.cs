using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Llama.Server.Swagger;

/// <summary>Says which properties of an answer are always there: all that cannot be null.</summary>
internal sealed class RequiredPropertiesFilter : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } answer)
            return;
        var nullability = new NullabilityInfoContext();
        IEnumerable<string> certain = context.Type.GetProperties().Where(property => nullability.Create(property).ReadState == NullabilityState.NotNull).Select(NameOf);
        answer.Required = new HashSet<string>(certain.Where(properties.ContainsKey));
    }

    private static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
}
