using System.Diagnostics.CodeAnalysis;
using Llama.Model.Text;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>What a response is made from.</summary>
/// <param name="Items">The whole conversation, oldest first, without instructions.</param>
/// <param name="Prompt">The same as tokens, with them.</param>
internal sealed record ResponseContext(IReadOnlyList<ResponseItem> Items, Prompt Prompt)
{
    private const int ShareForAnswer = 8;

    /// <summary>Gathers the conversation from the store and the request, and renders it.</summary>
    /// <param name="owner">Number of the caller's key.</param>
    public static bool TryCreate(
        ResponseRequest request, ResponseStore store, int owner, Checkpoint checkpoint, [NotNullWhen(true)] out ResponseContext? context, [NotNullWhen(false)] out ApiError? error)
    {
        context = null;
        error = Gather(request, store, owner, out List<ResponseItem> items);
        if (error is not null)
            return false;
        error = ItemConversation.Convert(items, request.Instructions, out IReadOnlyList<ChatMessage> messages);
        if (error is not null)
            return false;
        if (!TryRender(request, messages, checkpoint, out Prompt? prompt, out error))
            return false;
        context = new ResponseContext(items, prompt);
        return true;
    }

    private static ApiError? Gather(ResponseRequest request, ResponseStore store, int owner, out List<ResponseItem> items)
    {
        items = [];
        if (request.PreviousResponseId is { } previous)
        {
            if (!store.TryGet(owner, previous, out StoredResponse? stored))
                return ResponseErrors.PreviousNotFound(previous);
            items.AddRange(stored.Conversation);
        }
        HashSet<string> ids = [.. items.Select(item => item.Id)];
        for (int i = 0; i < request.Input?.Count; i++)
        {
            ResponseItem? item = request.Input[i];
            if (item is ItemReference && !store.TryGetItem(owner, item.Id, out item))
                return ResponseErrors.ItemNotFound(i, request.Input[i].Id);
            if (!ids.Add(item.Id))
                return ResponseErrors.DuplicateItem(i, item.Id);
            items.Add(item);
        }
        return null;
    }

    /// <summary>
    /// Renders what the model is asked, which <see cref="ResponseRequest.Messages"/> then says. An answer without a limit of its own fills the room that is left: some is left for it while there are turns to drop.
    /// </summary>
    private static bool TryRender(
        ResponseRequest request, IReadOnlyList<ChatMessage> all, Checkpoint checkpoint, [NotNullWhen(true)] out Prompt? prompt, [NotNullWhen(false)] out ApiError? error)
    {
        if (!ChatPrompt.TryRender(request, all, checkpoint, out prompt, out error))
            return false;
        int limit = checkpoint.ContextLength;
        int[] rooms = !request.TruncatesInput ? [] : request.MaxTokens is { } asked ? [asked] : [limit / ShareForAnswer, 1];
        var whole = new Rendered(all, prompt);
        (request.Messages, prompt) = rooms.Select(room => whole.Prompt.Tokens.Length + room <= limit ? whole : Shorten(request, all, checkpoint, limit - room)).FirstOrDefault(shorter => shorter is not null) ?? whole;
        return true;
    }

    /// <summary>
    /// Drops whole turns, oldest first, until the rest fits: a turn begins with a user's message and holds the calls and results that follow it. As few as will do, found
    /// by bisection, for each try renders the rest anew. Null where not even the last turn is short enough.
    /// </summary>
    private static Rendered? Shorten(ResponseRequest request, IReadOnlyList<ChatMessage> all, Checkpoint checkpoint, int most)
    {
        ChatMessage[] head = [.. all.TakeWhile(message => message.Role == "system")];
        int[] starts = [.. Enumerable.Range(0, all.Count).Where(i => all[i].Role == "user" && (i == 0 || all[i - 1].Role != "user")).Skip(1)];
        Rendered? best = null;
        int low = 0, high = starts.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            ChatMessage[] rest = [.. head, .. all.Skip(starts[middle])];
            if (ChatPrompt.TryRender(request, rest, checkpoint, out Prompt? prompt, out _) && prompt.Tokens.Length <= most)
                (best, high) = (new Rendered(rest, prompt), middle - 1);
            else
                low = middle + 1;
        }
        return best;
    }

    private sealed record Rendered(IReadOnlyList<ChatMessage> Messages, Prompt Prompt);
}
