using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;

namespace Llama.Server.Models;

/// <summary>What is served.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ListAsync).WithTags("Models").WithSummary("Lists the served models").Answers<ModelList>();
        // The ids of many published models have a slash in them.
        routes.MapGet("/v1/models/{**id}", GetAsync).WithTags("Models").WithSummary("Shows one served model").Answers<ModelCard>();
    }

    private static Task ListAsync(HttpContext context, EngineHost host, ModelIdentity identity) =>
        context.Response.WriteAsJsonAsync(new ModelList("list", [Card(host, identity)]), ApiJson.Web.ModelList);

    // Clients escape the slash, which is the one character that routing leaves escaped. One at the end is no part of the id, as it is none of any other route.
    private static Task GetAsync(HttpContext context, string id, EngineHost host, ModelIdentity identity) =>
        identity.Check(id.TrimEnd('/').Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)) is { } error
            ? ErrorResponse.WriteAsync(context, error)
            : context.Response.WriteAsJsonAsync(Card(host, identity), ApiJson.Web.ModelCard);

    private static ModelCard Card(EngineHost host, ModelIdentity identity) =>
        new(identity.Name, "model", identity.Created.ToUnixTimeSeconds(), "llama-server", host.Checkpoint?.ContextLength);
}
