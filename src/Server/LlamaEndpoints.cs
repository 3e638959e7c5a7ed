using Llama.Server.Admin;
using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Embeddings;
using Llama.Server.Health;
using Llama.Server.Models;
using Llama.Server.Pages;
using Llama.Server.Responses;
using Llama.Server.Routing;
using Llama.Server.Telemetry;
using Llama.Server.Tokenization;
using Llama.Server.Watching;

namespace Llama.Server;

/// <summary>
/// Maps the engine's routes into an application. Request ids, JSON errors, the keys of <c>Auth:ApiKeys</c>, the body limit and the request log apply to these routes
/// alone. What they return takes the application's own conventions: authorization, rate limits, CORS.
/// </summary>
public static class LlamaEndpoints
{
    /// <summary>Maps the API; more than once under different prefixes, if need be.</summary>
    /// <param name="routes">The application.</param>
    /// <param name="prefix">
    /// Where it lies: with <c>/llm</c>, clients are pointed at <c>/llm/v1</c>, and every unknown URL below <c>/llm</c> is answered with 404 in JSON. Empty for the root.
    /// </param>
    /// <exception cref="InvalidOperationException"><see cref="LlamaHosting.AddLlama"/> was not called.</exception>
    public static IEndpointConventionBuilder MapOpenAI(this IEndpointRouteBuilder routes, string prefix = "")
    {
        RouteGroupBuilder api = routes.MapApiGroup(prefix);
        api.MapChat();
        api.MapCompletions();
        api.MapResponses();
        api.MapEmbeddings();
        api.MapModels();
        api.MapTokenization();
        foreach (string pattern in prefix.Trim('/').Length > 0 ? ["/{**path}"] : OwnAtTheRoot)
            api.MapUnmatched(pattern);
        return api;
    }

    /// <summary>Maps the probes <c>live</c>, <c>ready</c> and <c>startup</c>; the prefix itself answers as <c>ready</c> does.</summary>
    /// <param name="routes">The application.</param>
    /// <param name="prefix">Where they lie.</param>
    public static IEndpointConventionBuilder MapLlamaHealth(this IEndpointRouteBuilder routes, string prefix = "/health")
    {
        RouteGroupBuilder health = routes.MapApiGroup(prefix);
        health.MapHealth();
        return health;
    }

    /// <summary>
    /// Maps the engine's metrics as Prometheus text, under the names that the field's dashboards know. An application that exports its own metrics can take them along
    /// instead: their meters are <c>Llama.Scheduling</c>, <c>Llama.Serving</c>, <c>Llama.Process</c> and, by key, <c>Llama.Server</c>.
    /// </summary>
    /// <param name="routes">The application.</param>
    /// <param name="path">Where they lie.</param>
    public static IEndpointConventionBuilder MapLlamaMetrics(this IEndpointRouteBuilder routes, string path = "/metrics")
    {
        RouteGroupBuilder metrics = routes.MapApiGroup("");
        metrics.MapMetrics(path);
        return metrics;
    }

    /// <summary>
    /// Maps the pages for people: the chat at the prefix itself, the engine at work at <c>engine</c>, and the events that it lives on. The chat uses the API that
    /// <see cref="MapOpenAI"/> maps under the same prefix. The pages themselves are open to all; what they ask for takes the keys that the API takes.
    /// </summary>
    /// <param name="routes">The application.</param>
    /// <param name="prefix">Where they lie.</param>
    public static IEndpointConventionBuilder MapLlamaPages(this IEndpointRouteBuilder routes, string prefix = "")
    {
        RouteGroupBuilder pages = routes.MapApiGroup(prefix);
        pages.MapPages();
        pages.MapEngineEvents();
        return pages;
    }

    /// <summary>
    /// Maps the operators' routes: settings in effect, requests under way, abort, drain, keys. They take <c>Auth:AdminKey</c>; where none is set they are closed, unless
    /// <c>RequireAuthorization</c> on what this returns puts the application's own guard before them.
    /// </summary>
    /// <param name="routes">The application.</param>
    /// <param name="prefix">Where they lie.</param>
    public static IEndpointConventionBuilder MapLlamaAdmin(this IEndpointRouteBuilder routes, string prefix = "/admin")
    {
        RouteGroupBuilder admin = routes.MapApiGroup(prefix);
        admin.MapAdmin();
        return admin;
    }

    /// <summary>At the root only these URLs are ours; the others are the application's.</summary>
    private static readonly string[] OwnAtTheRoot = ["/v1/{**path}", "/tokenize", "/detokenize"];
}
