using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Routing;
using Llama.Server.Swagger;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests.Fuzz;

/// <summary>A route that takes a body, as the server itself describes it: a new route or field is fuzzed from the day it is described.</summary>
internal sealed record FuzzedRoute(string Path, IReadOnlyList<IField> Fields, JsonObject Example)
{
    public static IReadOnlyList<FuzzedRoute> AllOf(TestApp app) =>
    [
        .. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.Parameters.Count == 0) // an order about something stored has no body
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Where(endpoint => endpoint.Metadata.GetMetadata<AdminRoute>() is null) // nor has an operator's
            .Select(From),
    ];

    /// <summary>The example's fields as JSON texts, with the model.</summary>
    public Dictionary<string, string> Body()
    {
        var body = Example.ToDictionary(pair => pair.Key, pair => pair.Value!.ToJsonString());
        body["model"] = $"\"{TestApp.ModelName}\"";
        return body;
    }

    public static string Text(IEnumerable<KeyValuePair<string, string>> body) => "{" + string.Join(",", body.Select(pair => $"\"{pair.Key}\":{pair.Value}")) + "}";

    private static FuzzedRoute From(RouteEndpoint endpoint)
    {
        RequestFields? request = endpoint.Metadata.GetMetadata<RequestFields>();
        Assert.True(request is not null, $"{endpoint.RoutePattern.RawText} does not describe its fields.");
        return new FuzzedRoute(endpoint.RoutePattern.RawText!, request.Fields, request.Example);
    }
}
