namespace Llama.Server.Responses;

/// <summary>The answer of <c>GET /v1/responses/{id}/input_items</c>: a page of the items that a response was made from.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The items.</param>
/// <param name="FirstId">Id of the first of them, or null where there is none.</param>
/// <param name="LastId">Id of the last of them: the next page's <c>after</c>.</param>
/// <param name="HasMore">Whether another page follows.</param>
public sealed record ResponseItemList(string Object, IReadOnlyList<ResponseItem> Data, string? FirstId, string? LastId, bool HasMore);

/// <summary>The answer of <c>DELETE /v1/responses/{id}</c>.</summary>
/// <param name="Id">The response that is gone.</param>
/// <param name="Object"><c>response.deleted</c>.</param>
/// <param name="Deleted">True.</param>
public sealed record ResponseDeletion(string Id, string Object, bool Deleted);
