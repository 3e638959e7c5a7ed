using System.Text.Json.Nodes;
using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>Describes routes.</summary>
internal static class RouteDescriptions
{
    public static RouteHandlerBuilder WithRequestFields(this RouteHandlerBuilder route, IReadOnlyList<IField> fields, JsonObject example) =>
        route.WithMetadata(new RequestFields(fields, example));

    /// <summary>Adds a body to press beside the first one.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder route, string name, string summary, JsonObject body) =>
        route.WithMetadata(new RequestExample(name, summary, body));

    /// <summary>Says what a route answers with; which errors it can answer with follows from what it reads.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route) => route.Produces<T>();

    /// <summary>Says that a route can also answer in events, each of which holds one <typeparamref name="TChunk"/>.</summary>
    public static RouteHandlerBuilder Streams<TChunk>(this RouteHandlerBuilder route) => route.WithMetadata(new StreamsAnswers(typeof(TChunk)));
}
