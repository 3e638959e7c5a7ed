using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Json;
using Llama.Server.Streaming;
using Llama.Server.Tools;

namespace Llama.Server.Chat;

/// <summary>Words answers as <c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
internal sealed class ChatAnswerFormat(ChatCompletionRequest request, Answers answers, AnswerHead head) : ChunkFormat(request, answers.Streams.Count, head, "chat.completion.chunk")
{
    private readonly ChatLogprobFormat _logprobs = new(answers.Checkpoint.Tokenizer, request.SkipSpecialTokens);
    private Lazy<Task>? _starts; // null for a whole answer

    public override ValueTask BeginAsync(SseWriter events)
    {
        _starts = new Lazy<Task>(() => StartAllAsync(events));
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens every choice, in order, when the first has something to say: OpenAI's Python client breaks down where a choice comes before one of a lower index.</summary>
    public override ValueTask StartAsync(SseWriter events, int choice) => new(_starts!.Value);

    private async Task StartAllAsync(SseWriter events)
    {
        for (int choice = 0; choice < answers.Streams.Count; choice++)
            await base.StartAsync(events, choice);
    }

    /// <summary>An answer that calls begins without content, as OpenAI's do, where it is known by then that it will.</summary>
    protected override void WriteStart(Utf8JsonWriter json, int choice)
    {
        bool isForced = request.Tools is { Mode: ToolMode.Required };
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, isForced ? null : "");
        json.WriteEndObject();
        EndChoice(json, ending: null);
        if (request.ReturnTokenIds)
            WriteIds(json, "prompt_token_ids"u8, answers.PromptOf(choice).Tokens);
        EndChunk(json);
    }

    public override ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream) =>
        stream.Calls.Count == 0 ? base.SendPieceAsync(events, choice, stream) : SendCallsAsync(events, choice, stream);

    /// <summary>One chunk per part of a call: some clients look at the first item of a chunk only.</summary>
    private async ValueTask SendCallsAsync(SseWriter events, int choice, TextStream stream)
    {
        if (!stream.Text.IsEmpty || !stream.Tokens.IsEmpty)
            await base.SendPieceAsync(events, choice, stream);
        for (int i = 0; i < stream.Calls.Count; i++)
            await events.SendAsync(static (json, s) => s.Format.WriteCall(json, s.choice, s.piece), (Format: this, choice, piece: stream.Calls[i]));
    }

    private void WriteCall(Utf8JsonWriter json, int choice, ToolCallPiece piece)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, piece.Index);
        if (piece.Id is not null)
        {
            json.WriteString("id"u8, piece.Id);
            json.WriteString("type"u8, "function"u8);
        }
        json.WriteStartObject("function"u8);
        if (piece.Name is not null)
            json.WriteString("name"u8, piece.Name);
        json.WriteString("arguments"u8, piece.Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        EndChoice(json, ending: null);
        EndChunk(json);
    }

    protected override void WriteDelta(Utf8JsonWriter json, int choice, ReadOnlySpan<char> text, ReadOnlySpan<DrawnToken> tokens)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
        if (request.WantsLogprobs)
        {
            json.WritePropertyName("logprobs"u8);
            JsonSerializer.Serialize(json, _logprobs.From(tokens), ApiJson.Web.ChatLogprobs);
        }
        if (request.ReturnTokenIds)
            WriteIds(json, "token_ids"u8, Ids(tokens));
        EndChoice(json, ending: null);
        EndChunk(json);
    }

    protected override void WriteFinish(Utf8JsonWriter json, int choice, AnswerEnding ending)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteEndObject();
        EndChoice(json, ending);
        EndChunk(json);
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        int[]? prompt = request.ReturnTokenIds ? answers.PromptOf(0).Tokens : null;
        ChatChoice[] all = [.. choices.Select(ToChoice)];
        var completion = new ChatCompletion(Head.Id, "chat.completion", Head.Created, Head.Model, all, usage, Head.Fingerprint, prompt, PromptLogprobs());
        JsonSerializer.Serialize(json, completion, ApiJson.Web.ChatCompletion);
    }

    /// <summary>All answers are to one prompt.</summary>
    private IReadOnlyList<IReadOnlyDictionary<string, PromptTokenLogprob>?>? PromptLogprobs() => request.PromptLogprobs is { } count
        ? new PromptLogprobFormat(answers.Checkpoint.Tokenizer, count).From(answers.Streams[0].PromptLogprobs)
        : null;

    private ChatChoice ToChoice(WholeAnswer answer, int index) => new(
        index,
        new ChatAnswerMessage("assistant", answer.Text.Length == 0 && answer.Calls.Count > 0 ? null : answer.Text, ToMessages(answer.Calls), Refusal: null),
        request.WantsLogprobs ? _logprobs.From(answer.Tokens) : null,
        answer.Ending.Spelled(),
        request.ReturnTokenIds ? Ids(answer.Tokens) : null);

    private static ChatToolCallMessage[]? ToMessages(IReadOnlyList<ToolCall> calls) =>
        calls.Count == 0 ? null : [.. calls.Select(call => new ChatToolCallMessage(call.Id, "function", new ChatFunctionCall(call.Name, call.Arguments)))];

    private static void BeginDelta(Utf8JsonWriter json, int choice)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
    }

    private static void EndChoice(Utf8JsonWriter json, AnswerEnding? ending)
    {
        json.WriteString("finish_reason"u8, ending?.Spelled());
        json.WriteEndObject();
        EndChoices(json);
    }
}
