using System.Text.Json;
using Llama.Server.Json;
using Llama.Server.Streaming;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>
/// The formats that stream in chunks: one JSON object per event, then <c>[DONE]</c>. Chunks are written by hand: there is one per token. Nothing is allocated for those
/// that hold nothing but text, and all but their text is written once.
/// </summary>
internal abstract class ChunkFormat(GenerationParameters request, int choiceCount, AnswerHead head, string chunkObject) : AnswerFormat
{
    private readonly EventTemplate?[] _plainDeltas = new EventTemplate?[choiceCount]; // by choice

    public sealed override string Id => head.Id;

    protected AnswerHead Head => head;

    /// <summary>Whether a choice has a chunk before its first piece.</summary>
    protected virtual bool HasStart => true;

    /// <summary>Whether chunks hold nothing of the tokens but their text.</summary>
    private bool IsPlain => request.Logprobs is null && !request.ReturnTokenIds;

    public override ValueTask StartAsync(SseWriter events, int choice) =>
        HasStart ? events.SendAsync(static (json, s) => s.Format.WriteStart(json, s.choice), (Format: this, choice)) : ValueTask.CompletedTask;

    public override ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream) => IsPlain
        ? events.SendAsync(_plainDeltas[choice] ??= PlainDelta(choice), stream)
        : events.SendAsync(static (json, s) => s.Format.WriteDelta(json, s.choice, s.stream.Text, s.stream.Tokens), (Format: this, choice, stream));

    public sealed override ValueTask FinishAsync(SseWriter events, int choice, TextStream stream) =>
        events.SendAsync(static (json, s) => s.Format.WriteFinish(json, s.choice, s.ending), (Format: this, choice, ending: stream.Ending()));

    public sealed override async ValueTask EndAsync(SseWriter events, Usage usage)
    {
        if (request.StreamOptions?.IncludeUsage == true)
            await events.SendAsync(static (json, s) => s.Format.WriteUsage(json, s.usage), (Format: this, usage));
        await events.SendDoneAsync();
    }

    public sealed override ValueTask FailAsync(SseWriter events, ApiError error) =>
        events.SendAsync(static (json, body) => JsonSerializer.Serialize(json, body, ErrorJson.Web.ErrorBody), error.ToBody());

    /// <summary>The chunk that opens a choice.</summary>
    protected abstract void WriteStart(Utf8JsonWriter json, int choice);

    /// <summary>A chunk with more of an answer. Without tokens, the text is the last string in it that callers choose: see <see cref="EventTemplate"/>.</summary>
    protected abstract void WriteDelta(Utf8JsonWriter json, int choice, ReadOnlySpan<char> text, ReadOnlySpan<DrawnToken> tokens);

    /// <summary>The chunk that closes a choice.</summary>
    protected abstract void WriteFinish(Utf8JsonWriter json, int choice, AnswerEnding ending);

    private EventTemplate PlainDelta(int choice) => EventTemplate.Of((json, text) => WriteDelta(json, choice, text, tokens: []));

    /// <summary>The chunk with the token counts; it has no choices.</summary>
    private void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        BeginChunk(json);
        json.WriteEndArray();
        json.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(json, usage, ApiJson.Web.Usage);
        json.WriteEndObject();
    }

    /// <summary>Writes a chunk up to the inside of <c>choices</c>.</summary>
    protected void BeginChunk(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, head.Id);
        json.WriteString("object"u8, chunkObject);
        json.WriteNumber("created"u8, head.Created);
        json.WriteString("model"u8, head.Model);
        json.WriteString("system_fingerprint"u8, head.Fingerprint);
        json.WriteStartArray("choices"u8);
    }

    /// <summary>Closes <c>choices</c>; what is written between this and <see cref="EndChunk"/> stands beside them.</summary>
    protected static void EndChoices(Utf8JsonWriter json) => json.WriteEndArray();

    /// <summary>Where counts were asked for, OpenAI writes null in every chunk but the last.</summary>
    protected void EndChunk(Utf8JsonWriter json)
    {
        if (request.StreamOptions?.IncludeUsage == true)
            json.WriteNull("usage"u8);
        json.WriteEndObject();
    }

    protected static int[] Ids(ReadOnlySpan<DrawnToken> tokens)
    {
        int[] ids = new int[tokens.Length];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = tokens[i].Token.TokenId;
        return ids;
    }

    protected static void WriteIds(Utf8JsonWriter json, ReadOnlySpan<byte> name, int[] ids)
    {
        json.WriteStartArray(name);
        foreach (int id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
