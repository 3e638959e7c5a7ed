using Llama.Server.Auth;
using Llama.Server.Json;
using Llama.Server.Routing;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>The routes to responses that are kept. Each sees those of the caller's own key.</summary>
internal static class StoredResponseEndpoints
{
    private static readonly ErrorAnswer Missing = new("No such response is kept for this key.", ResponseErrors.NotFound("resp_1"));
    private static readonly ErrorAnswer NotCancellable = new("The response is whole already.", ResponseErrors.NotCancellable());

    public static void MapStoredResponses(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/responses/{id}", GetAsync)
            .WithTags("Responses").WithSummary("Shows a stored response").Answers<Response>().WithMetadata([Missing, ErrorAnswers.BadQuery, .. ResponseQuery.Parameters]);
        routes.MapDelete("/v1/responses/{id}", DeleteAsync)
            .WithTags("Responses").WithSummary("Forgets a stored response").Answers<ResponseDeletion>().WithMetadata(Missing);
        routes.MapGet("/v1/responses/{id}/input_items", ListInputAsync)
            .WithTags("Responses").WithSummary("Lists the items that a stored response was made from").Answers<ResponseItemList>()
            .WithMetadata([Missing, ErrorAnswers.BadQuery, .. ItemPage.Parameters]);
        routes.MapPost("/v1/responses/{id}/cancel", CancelAsync)
            .WithTags("Responses").WithSummary("Refused: responses are made while their caller waits").Answers<Response>().WithMetadata(Missing, NotCancellable);
        routes.MapUnknown("/v1/responses/compact");
    }

    private static Task GetAsync(HttpContext context, string id, ResponseStore store)
    {
        if (ResponseQuery.Check(context.Request.Query) is { } error)
            return ErrorResponse.WriteAsync(context, error);
        return store.TryGet(Caller.ShareKeyOf(context), id, out StoredResponse? stored)
            ? context.Response.WriteAsJsonAsync(stored.Response, ApiJson.Web.Response)
            : ErrorResponse.WriteAsync(context, ResponseErrors.NotFound(id));
    }

    private static Task DeleteAsync(HttpContext context, string id, ResponseStore store) => store.TryRemove(Caller.ShareKeyOf(context), id)
        ? context.Response.WriteAsJsonAsync(new ResponseDeletion(id, "response.deleted", Deleted: true), ApiJson.Web.ResponseDeletion)
        : ErrorResponse.WriteAsync(context, ResponseErrors.NotFound(id));

    private static Task ListInputAsync(HttpContext context, string id, ResponseStore store)
    {
        if (!ItemPage.TryRead(context.Request.Query, out ItemPage page, out ApiError? error))
            return ErrorResponse.WriteAsync(context, error);
        if (!store.TryGet(Caller.ShareKeyOf(context), id, out StoredResponse? stored))
            return ErrorResponse.WriteAsync(context, ResponseErrors.NotFound(id));
        return page.TryTake(stored.Input, out ResponseItemList? list, out error)
            ? context.Response.WriteAsJsonAsync(list, ApiJson.Web.ResponseItemList)
            : ErrorResponse.WriteAsync(context, error);
    }

    private static Task CancelAsync(HttpContext context, string id, ResponseStore store) =>
        ErrorResponse.WriteAsync(context, store.TryGet(Caller.ShareKeyOf(context), id, out _) ? ResponseErrors.NotCancellable() : ResponseErrors.NotFound(id));
}
