using System.Text.Json;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Json;
using Llama.Server.Streaming;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>
/// Words an answer as a response: its text as messages, its calls as items of their own, in the order in which the model makes them. One item is open at a time, and
/// an answer that says nothing at all is an empty message.
/// </summary>
/// <param name="request">What was asked for.</param>
/// <param name="answers">The one answer.</param>
/// <param name="draft">The response around it.</param>
/// <param name="keep">Keeps the response, before the caller learns that it is there, and gives it back saying whether it did.</param>
internal sealed class ResponseAnswerFormat(ResponseRequest request, Answers answers, ResponseDraft draft, Func<Response, Response> keep) : AnswerFormat
{
    private readonly MessageLogprobs _logprobs = new(new ChatLogprobFormat(answers.Checkpoint.Tokenizer, request.SkipSpecialTokens));
    private readonly List<ResponseItem> _output = [];
    private ResponseEvents? _events;
    private OpenItem? _open;
    private bool _isCutOff;
    private bool _isKept;

    public override string Id => draft.Begun.Id;

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        WholeAnswer answer = choices[0];
        _isCutOff = answer.FinishReason == "length";
        int start = 0;
        for (int i = 0; i < answer.Calls.Count; i++)
        {
            AddMessage(answer, start, start = answer.CallPlaces[i]);
            _output.Add(OpenCall.Whole(answer.Calls[i]));
        }
        AddMessage(answer, start, answer.Text.Length);
        _output[^1] = _output[^1] with { Status = Status };
        JsonSerializer.Serialize(json, Keep(draft.End(_output, _isCutOff, usage)), ApiJson.Web.Response);
    }

    public override async ValueTask BeginAsync(SseWriter events)
    {
        _events = new ResponseEvents(events, request.PadsDeltas);
        await _events.SendAsync(EventName.Created, draft.Begun);
        await _events.SendAsync(EventName.InProgress, draft.Begun);
    }

    public override ValueTask StartAsync(SseWriter events, int choice) => ValueTask.CompletedTask;

    public override ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream) =>
        _open is OpenMessage message && stream.Calls.Count == 0 ? SendTextAsync(message, stream) : SendMixedAsync(stream);

    public override async ValueTask FinishAsync(SseWriter events, int choice, TextStream stream)
    {
        _isCutOff = stream.FinishName() == "length";
        if (_open is null && _output.Count == 0)
            await OpenAsync(new OpenMessage());
        if (_open is OpenMessage message && !stream.HasCalls && _logprobs.Take([], MessageLogprobs.All) is { Count: > 0 } rest)
            await SendDeltaAsync(message, stream: null, rest);
        await CloseAsync(Status);
    }

    public override async ValueTask EndAsync(SseWriter events, Usage usage)
    {
        Response response = Keep(draft.End(_output, _isCutOff, usage));
        await _events!.SendAsync(_isCutOff ? EventName.Incomplete : EventName.Completed, response);
    }

    public override async ValueTask FailAsync(SseWriter events, ApiError error)
    {
        Response response = Keep(draft.Fail(OutputSoFar, error));
        await _events!.SendErrorAsync(error);
        await _events.SendAsync(EventName.Failed, response);
    }

    /// <summary>Keeps what there is of a stream that its caller left.</summary>
    public void Abandon()
    {
        if (_events is not null && !_isKept)
            Keep(draft.Cancel(OutputSoFar));
    }

    /// <summary>How the last item ends.</summary>
    private string Status => _isCutOff ? "incomplete" : "completed";

    private IReadOnlyList<ResponseItem> OutputSoFar => _open is null ? _output : [.. _output, _open.Close("incomplete")];

    /// <summary>Adds the text between calls, where there is any.</summary>
    private void AddMessage(WholeAnswer answer, int start, int end)
    {
        if (start == end && answer.Calls.Count > 0)
            return;
        IReadOnlyList<ChatTokenLogprob> logprobs = _output.Count > 0 ? [] : _logprobs.Take(answer.Tokens, answer.Calls.Count == 0 ? MessageLogprobs.All : end);
        _output.Add(new MessageItem(ResponseIds.OfMessage(), "completed", "assistant", [new OutputText(answer.Text[start..end], [], logprobs)]));
    }

    /// <summary>A piece that may begin an item, and end the one before.</summary>
    private async ValueTask SendMixedAsync(TextStream stream)
    {
        if (!stream.Text.IsEmpty && _open is not OpenMessage)
            await OpenAsync(new OpenMessage());
        if (_open is OpenMessage message)
            await SendTextAsync(message, stream);
        else
            _logprobs.Take(stream.Tokens, length: 0); // they wait for their text
        for (int i = 0; i < stream.Calls.Count; i++)
            await SendCallAsync(stream.Calls[i]);
    }

    private ValueTask SendTextAsync(OpenMessage message, TextStream stream)
    {
        message.Text.Append(stream.Text);
        // Behind a call the places of tokens are no longer those of the text: what is said there goes without log-probabilities.
        IReadOnlyList<ChatTokenLogprob> logprobs = _output.Count > 0 ? [] : _logprobs.Take(stream.Tokens, message.Text.Length);
        return stream.Text.IsEmpty && logprobs.Count == 0 ? ValueTask.CompletedTask : SendDeltaAsync(message, stream, logprobs);
    }

    private ValueTask SendDeltaAsync(OpenMessage message, TextStream? stream, IReadOnlyList<ChatTokenLogprob> logprobs)
    {
        message.Logprobs.AddRange(logprobs);
        return _events!.SendTextDeltaAsync(_output.Count, message.Id, stream, logprobs);
    }

    private async ValueTask SendCallAsync(ToolCallPiece piece)
    {
        if (piece.Name is not null)
            await OpenAsync(new OpenCall(piece.Id!, piece.Name));
        if (piece.Arguments.Length == 0)
            return;
        _open!.Text.Append(piece.Arguments);
        await _events!.SendArgumentsDeltaAsync(_output.Count, _open.Id, piece.Arguments);
    }

    private async ValueTask OpenAsync(OpenItem item)
    {
        await CloseAsync("completed");
        _open = item;
        await _events!.SendAsync(EventName.ItemAdded, _output.Count, item.Begun);
        if (item is OpenMessage)
            await _events.SendAsync(EventName.PartAdded, _output.Count, item.Id, new OutputText(""));
    }

    private async ValueTask CloseAsync(string status)
    {
        if (_open is not { } open)
            return;
        ResponseItem item = open.Close(status);
        if (open is OpenMessage { Part: var part })
        {
            await _events!.SendTextDoneAsync(_output.Count, open.Id, part);
            await _events.SendAsync(EventName.PartDone, _output.Count, open.Id, part);
        }
        else if (item is FunctionCallItem call)
        {
            await _events!.SendArgumentsDoneAsync(_output.Count, call);
        }
        await _events!.SendAsync(EventName.ItemDone, _output.Count, item);
        _output.Add(item);
        _open = null;
    }

    private Response Keep(Response response)
    {
        _isKept = true;
        return keep(response);
    }
}
