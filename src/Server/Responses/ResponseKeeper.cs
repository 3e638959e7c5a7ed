namespace Llama.Server.Responses;

/// <summary>Keeps one response where its request wants that and the store has room for it.</summary>
/// <param name="store">Where.</param>
/// <param name="owner">Number of the caller's key.</param>
/// <param name="items">The conversation that it answers.</param>
/// <param name="isWanted">Whether it is to be kept.</param>
internal sealed class ResponseKeeper(ResponseStore store, int owner, IReadOnlyList<ResponseItem> items, bool isWanted)
{
    /// <summary>Whether it is kept or, until it has ended, will be.</summary>
    public bool IsKept { get; private set; } = isWanted;

    /// <summary>Tells with the answer's headers of a response that is kept or will be: a proxy before several servers learns which of them has it.</summary>
    public void Announce(HttpResponse answer, string id) => answer.OnStarting(() =>
    {
        if (IsKept && answer.StatusCode == StatusCodes.Status200OK)
            answer.Headers["x-response-id"] = id;
        return Task.CompletedTask;
    });

    /// <summary>Keeps the ended response, before its caller learns that it is there, and gives it back saying whether it did.</summary>
    public Response Keep(Response response)
    {
        IsKept = IsKept && store.TryAdd(owner, new StoredResponse(response, items));
        return response with { Store = IsKept };
    }
}
