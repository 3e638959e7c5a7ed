using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>The query of <c>GET /v1/responses/{id}</c>: known by name, and refused where it asks for what is not done.</summary>
internal static class ResponseQuery
{
    private const string NoStream = "A stored response is not streamed again; it is whole already.";

    public static QueryParameter Include { get; } =
        new("include", FieldShape.ArrayOf(FieldShape.OneOf(ResponseRequest.LogprobsWord)), "Without effect: log-probabilities are there when the response was made with them.");

    public static IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        Include,
        new("stream", FieldShape.OneOf("false"), NoStream),
        new("include_obfuscation", FieldShape.OneOf("false"), NoStream),
        new("starting_after", FieldShape.Any, NoStream, IsRefused: true),
    ];

    public static ApiError? Check(IQueryCollection query) => query.Keys.Select(name => Check(name, query[name].ToString())).FirstOrDefault(error => error is not null);

    /// <summary>Says what is wrong with an <c>include</c>; log-probabilities are in a stored response when it was made with them.</summary>
    public static ApiError? CheckInclude(string name, string value) => value.Split(',').FirstOrDefault(word => word != ResponseRequest.LogprobsWord) is { } other
        ? ApiError.UnsupportedValue(name, $"'{other}': only {ResponseRequest.LogprobsWord} can be included, and is where the response was made with it.")
        : null;

    private static ApiError? Check(string name, string value) => name switch
    {
        "include" or "include[]" => CheckInclude(name, value),
        "stream" or "include_obfuscation" => value == "false" ? null : ApiError.UnsupportedValue(name, NoStream),
        "starting_after" => ApiError.UnsupportedParameter(name, NoStream),
        _ => ApiError.Unknown(name),
    };
}
