using Llama.Server.Chat;
using Llama.Server.Generating;

namespace Llama.Server.Responses;

/// <summary>The output of a response that streams: its items come one behind the other, one open at a time, and each is told of from its beginning to its end.</summary>
/// <param name="events">Where they are told of.</param>
/// <param name="logprobs">Of the tokens that text is made of.</param>
internal sealed class StreamedItems(ResponseEvents events, MessageLogprobs logprobs)
{
    private readonly List<ResponseItem> _ended = [];
    private OpenItem? _open;

    /// <summary>The items as they are now; one that is still open is incomplete.</summary>
    public IReadOnlyList<ResponseItem> SoFar => _open is null ? _ended : [.. _ended, _open.Close(StatusName.Incomplete)];

    /// <summary>Adds the stream's current piece.</summary>
    public ValueTask AddAsync(TextStream stream) => _open is OpenMessage message && stream.Calls.Count == 0 ? AddTextAsync(message, stream) : AddMixedAsync(stream);

    /// <summary>Closes the last item. An answer that says nothing at all is an empty message.</summary>
    public async ValueTask EndAsync(TextStream stream, string status)
    {
        if (_open is null && _ended.Count == 0)
            await OpenAsync(new OpenMessage());
        if (_open is OpenMessage message && !stream.HasCalls && logprobs.Take([], MessageLogprobs.All) is { Count: > 0 } rest)
            await SendDeltaAsync(message, stream: null, rest);
        await CloseAsync(status);
    }

    /// <summary>A piece that may begin an item, and end the one before.</summary>
    private async ValueTask AddMixedAsync(TextStream stream)
    {
        if (!stream.Text.IsEmpty && _open is not OpenMessage)
            await OpenAsync(new OpenMessage());
        if (_open is OpenMessage message)
            await AddTextAsync(message, stream);
        else
            logprobs.Take(stream.Tokens, length: 0); // they wait for their text
        for (int i = 0; i < stream.Calls.Count; i++)
            await AddCallAsync(stream.Calls[i]);
    }

    private ValueTask AddTextAsync(OpenMessage message, TextStream stream)
    {
        message.Text.Append(stream.Text);
        // Behind a call the places of tokens are no longer those of the text: what is said there goes without log-probabilities.
        IReadOnlyList<ChatTokenLogprob> taken = _ended.Count > 0 ? [] : logprobs.Take(stream.Tokens, message.Text.Length);
        return stream.Text.IsEmpty && taken.Count == 0 ? ValueTask.CompletedTask : SendDeltaAsync(message, stream, taken);
    }

    private ValueTask SendDeltaAsync(OpenMessage message, TextStream? stream, IReadOnlyList<ChatTokenLogprob> taken)
    {
        message.Logprobs.AddRange(taken);
        return events.SendTextDeltaAsync(_ended.Count, message.Id, stream, taken);
    }

    private async ValueTask AddCallAsync(ToolCallPiece piece)
    {
        if (piece.Name is not null)
            await OpenAsync(new OpenCall(piece.Id!, piece.Name));
        if (piece.Arguments.Length == 0)
            return;
        _open!.Text.Append(piece.Arguments);
        await events.SendArgumentsDeltaAsync(_ended.Count, _open.Id, piece.Arguments);
    }

    private async ValueTask OpenAsync(OpenItem item)
    {
        await CloseAsync(StatusName.Completed);
        _open = item;
        await events.SendAsync(EventName.ItemAdded, _ended.Count, item.Begun);
        if (item is OpenMessage)
            await events.SendAsync(EventName.PartAdded, _ended.Count, item.Id, new OutputText(""));
    }

    private async ValueTask CloseAsync(string status)
    {
        if (_open is not { } open)
            return;
        ResponseItem item = open.Close(status);
        if (open is OpenMessage { Part: var part })
        {
            await events.SendTextDoneAsync(_ended.Count, open.Id, part);
            await events.SendAsync(EventName.PartDone, _ended.Count, open.Id, part);
        }
        else if (item is FunctionCallItem call)
        {
            await events.SendArgumentsDoneAsync(_ended.Count, call);
        }
        await events.SendAsync(EventName.ItemDone, _ended.Count, item);
        _ended.Add(item);
        _open = null;
    }
}
