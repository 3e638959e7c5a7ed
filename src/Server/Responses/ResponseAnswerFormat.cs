using System.Text.Json;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Json;
using Llama.Server.Streaming;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>Words an answer as a response: its text as messages, its calls as items of their own, in the order in which the model makes them.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="answers">The one answer.</param>
/// <param name="draft">The response around it.</param>
/// <param name="keeper">What becomes of the response at its end.</param>
internal sealed class ResponseAnswerFormat(ResponseRequest request, Answers answers, ResponseDraft draft, ResponseKeeper keeper) : AnswerFormat
{
    private readonly MessageLogprobs _logprobs = new(new ChatLogprobFormat(answers.Checkpoint.Tokenizer, request.SkipSpecialTokens));
    private ResponseEvents? _events; // null for a whole answer, as are the items
    private StreamedItems? _items;
    private bool _isCutOff;
    private bool _isLastWhole;
    private bool _isOver;

    public override string Id => draft.Begun.Id;

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        Note(choices[0].Ending, choices[0].Calls.Count > 0);
        JsonSerializer.Serialize(json, Keep(draft.End(WholeItems.Of(choices[0], _logprobs, Status), _isCutOff, usage)), ApiJson.Web.Response);
    }

    public override async ValueTask BeginAsync(SseWriter events)
    {
        _events = new ResponseEvents(events, request.PadsDeltas);
        _items = new StreamedItems(_events, _logprobs);
        await _events.SendAsync(EventName.Created, draft.Begun);
        await _events.SendAsync(EventName.InProgress, draft.Begun);
    }

    public override ValueTask StartAsync(SseWriter events, int choice) => ValueTask.CompletedTask;

    public override ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream) => _items!.AddAsync(stream);

    public override ValueTask FinishAsync(SseWriter events, int choice, TextStream stream)
    {
        Note(stream.Ending(), stream.HasCalls);
        return _items!.EndAsync(stream, Status);
    }

    public override async ValueTask EndAsync(SseWriter events, Usage usage)
    {
        Response response = Keep(draft.End(_items!.SoFar, _isCutOff, usage));
        await _events!.SendAsync(_isCutOff ? EventName.Incomplete : EventName.Completed, response);
    }

    public override async ValueTask FailAsync(SseWriter events, ApiError error)
    {
        Response response = Keep(draft.Fail(_items!.SoFar, error));
        await _events!.SendErrorAsync(error);
        await _events.SendAsync(EventName.Failed, response);
    }

    /// <summary>Keeps what there is of a stream that its caller left.</summary>
    public void Abandon()
    {
        if (_items is not null && !_isOver)
            Keep(draft.Cancel(_items.SoFar));
    }

    /// <summary>How the last item ends.</summary>
    private string Status => _isLastWhole ? StatusName.Completed : StatusName.Incomplete;

    /// <summary>Notes how the answer ended. One with calls should end as such; if it ended with a mere stop, an end token came within the arguments of its last call, which is not whole.</summary>
    private void Note(AnswerEnding ending, bool hasCalls)
    {
        _isCutOff = ending == AnswerEnding.Length;
        _isLastWhole = ending == (hasCalls ? AnswerEnding.ToolCalls : AnswerEnding.Stop);
    }

    private Response Keep(Response response)
    {
        _isOver = true;
        return keeper.Keep(response);
    }
}
