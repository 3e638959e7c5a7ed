using System.Text.Json;
using Llama.Server.Pages;
using Microsoft.OpenApi;

namespace Llama.Server.Swagger;

/// <summary>Registration of the API's description and the page to try it on.</summary>
internal static class SwaggerRegistration
{
    private const string LiveStream = "live-stream.js", Style = "page.css";

    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        services.AddEndpointsApiExplorer();
        services.AddSingleton(new DescriptionPage("swagger"));
        return services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "Llama server",
                Version = "v1",
                Description = "OpenAI-compatible inference for Llama 2. No request field is ignored silently: each is honoured, accepted without effect, or refused by name.",
            });
            swagger.DocInclusionPredicate((_, route) => route.HttpMethod != HttpMethods.Head); // each is that of a GET
            swagger.OperationFilter<RequestFieldsFilter>();
            swagger.OperationFilter<AnswersFilter>();
            swagger.OperationFilter<QueryParametersFilter>();
            swagger.SchemaFilter<RequiredPropertiesFilter>();
            swagger.SupportNonNullableReferenceTypes();
            swagger.UseAllOfToExtendReferenceSchemas(); // a reference alone could not say that it may be null
            string comments = Path.Combine(AppContext.BaseDirectory, "Llama.Server.xml");
            if (File.Exists(comments)) swagger.IncludeXmlComments(comments); // a program published without them serves too
            AddBearer(swagger);
        });
    }

    /// <summary>Serves the page and the description.</summary>
    public static WebApplication UseApiDescription(this WebApplication app)
    {
        app.UseSwagger();
        app.UseSwaggerUI(page =>
        {
            page.DocumentTitle = "Llama server";
            page.SwaggerEndpoint("v1/swagger.json", "v1");
            page.EnableTryItOutByDefault();
            page.DisplayRequestDuration();
            page.InjectJavascript("/swagger/" + LiveStream);
            page.InjectStylesheet("/swagger/" + Style);
            page.UseRequestInterceptor("function (request) { return window.showStreams(request); }");
        });
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods("/swagger/" + LiveStream, methods, () => Serve(LiveStream, "text/javascript")).ExcludeFromDescription();
        app.MapMethods("/swagger/" + Style, methods, () => Serve(Style, "text/css")).ExcludeFromDescription();
        return app;
    }

    private static IResult Serve(string file, string type) => Results.Stream(typeof(SwaggerRegistration).Assembly.GetManifestResourceStream(file)!, type);

    private static void AddBearer(Swashbuckle.AspNetCore.SwaggerGen.SwaggerGenOptions swagger)
    {
        swagger.AddSecurityDefinition("Bearer", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of Auth:ApiKeys, if the server has any; for the admin routes that of Auth:AdminKey, for the metrics that of Auth:MetricsKey." });
        swagger.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("Bearer", document)] = [] });
    }
}
