using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>What can be wrong with the name of something stored, in OpenAI's words.</summary>
internal static class ResponseErrors
{
    private const string Why = "Responses are kept while there is room (Server:MaxStoredResponses), unless made with store: false, and for the key that made them.";

    public static ApiError PreviousNotFound(string id) =>
        new(400, $"Previous response with id '{id}' not found. {Why}", "previous_response_not_found", "previous_response_id");

    public static ApiError NotFound(string id) => new(404, $"Response with id '{id}' not found. {Why}", "response_not_found", "response_id");

    public static ApiError ItemNotFound(int index, string id) =>
        new(404, $"Item with id '{id}' not found. {Why}", "item_not_found", $"input[{index}].id");

    /// <summary>Items are paged, and referred to, by id.</summary>
    public static ApiError DuplicateItem(int index, string id) => ApiError.InvalidValue(
        $"input[{index}].id", $"Duplicate item found with id '{id}'. Remove duplicate items from your input and try again; those of previous_response_id are part of it already.");

    public static ApiError NotCancellable() => ApiError.InvalidValue("response_id", "Cannot cancel a synchronous response. Leave its connection to end it.");
}
