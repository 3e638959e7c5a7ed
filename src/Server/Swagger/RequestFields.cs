using System.Text.Json.Nodes;
using Llama.Server.Errors;
using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>What a route reads, for its description: the parser's own table.</summary>
/// <param name="Fields">Every field.</param>
/// <param name="Example">A body that can be sent as it is, but for its <c>model</c>.</param>
internal sealed record RequestFields(IReadOnlyList<IField> Fields, JsonObject Example);

/// <summary>Marks a route that can answer with server-sent events.</summary>
/// <param name="Note">What the events are.</param>
internal sealed record StreamsAnswers(string Note);

/// <summary>Describes routes.</summary>
internal static class RouteDescriptions
{
    public static RouteHandlerBuilder WithRequestFields(this RouteHandlerBuilder route, IReadOnlyList<IField> fields, JsonObject example) =>
        route.WithMetadata(new RequestFields(fields, example));

    /// <summary>Says what a route answers with; every route can also answer with an error.</summary>
    public static RouteHandlerBuilder Answers<T>(
        this RouteHandlerBuilder route, bool streams = false, string streamNote = "With `stream`: one `data:` event per chunk, then `data: [DONE]`.")
    {
        route.Produces<T>().Produces<ErrorBody>(StatusCodes.Status400BadRequest);
        return streams ? route.WithMetadata(new StreamsAnswers(streamNote)) : route;
    }
}
