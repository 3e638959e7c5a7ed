using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Json;
using Llama.Server.Streaming;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>The events of one streamed response, in OpenAI's words: each has a name, a type that says the same, and a number. There is no <c>[DONE]</c>.</summary>
/// <param name="events">Where they go.</param>
/// <param name="padsDeltas">Whether deltas are padded to hide how long they are.</param>
internal sealed class ResponseEvents(SseWriter events, bool padsDeltas)
{
    private const int PaddingBlock = 32;
    private const string PaddingLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    private int _count;

    /// <summary>The response as a whole: <see cref="EventName.Created"/>, <see cref="EventName.InProgress"/> and the three endings.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> name, Response response) => events.SendAsync(
        name,
        static (json, s) =>
        {
            s.Events.Begin(json, s.name);
            json.WritePropertyName("response"u8);
            JsonSerializer.Serialize(json, s.response, ApiJson.Web.Response);
            json.WriteEndObject();
        },
        (Events: this, name, response));

    /// <summary>An item's beginning or end.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> name, int index, ResponseItem item) => events.SendAsync(
        name,
        static (json, s) =>
        {
            s.Events.Begin(json, s.name, s.index);
            json.WritePropertyName("item"u8);
            JsonSerializer.Serialize(json, s.item, ApiJson.Web.ResponseItem);
            json.WriteEndObject();
        },
        (Events: this, name, index, item));

    /// <summary>The beginning or end of a message's only part.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> name, int index, string itemId, OutputText part) => events.SendAsync(
        name,
        static (json, s) =>
        {
            s.Events.BeginPart(json, s.name, s.index, s.itemId);
            json.WritePropertyName("part"u8);
            JsonSerializer.Serialize(json, s.part, ApiJson.Web.ContentPart);
            json.WriteEndObject();
        },
        (Events: this, name, index, itemId, part));

    /// <summary>More of a message's text. One per token: written by hand, and nothing is allocated for the plain ones.</summary>
    /// <param name="index">The message's place in the output.</param>
    /// <param name="itemId">The message.</param>
    /// <param name="stream">Whose current piece it is; null for no text, where log-probabilities alone are left.</param>
    /// <param name="logprobs">Those of the tokens that the text is made of, where asked for.</param>
    public ValueTask SendTextDeltaAsync(int index, string itemId, TextStream? stream, IReadOnlyList<ChatTokenLogprob> logprobs) => events.SendAsync(
        EventName.TextDelta,
        static (json, s) =>
        {
            s.Events.BeginPart(json, EventName.TextDelta, s.index, s.itemId);
            ReadOnlySpan<char> delta = s.stream is null ? [] : s.stream.Text;
            json.WriteString("delta"u8, delta);
            WriteLogprobs(json, s.logprobs);
            s.Events.EndDelta(json, delta);
        },
        (Events: this, index, itemId, stream, logprobs));

    /// <summary>The whole of a message's text.</summary>
    public ValueTask SendTextDoneAsync(int index, string itemId, OutputText part) => events.SendAsync(
        EventName.TextDone,
        static (json, s) =>
        {
            s.Events.BeginPart(json, EventName.TextDone, s.index, s.itemId);
            json.WriteString("text"u8, s.part.Text);
            WriteLogprobs(json, s.part.Logprobs);
            json.WriteEndObject();
        },
        (Events: this, index, itemId, part));

    /// <summary>More of a call's arguments.</summary>
    public ValueTask SendArgumentsDeltaAsync(int index, string itemId, string delta) => events.SendAsync(
        EventName.ArgumentsDelta,
        static (json, s) =>
        {
            s.Events.Begin(json, EventName.ArgumentsDelta, s.index, s.itemId);
            json.WriteString("delta"u8, s.delta);
            s.Events.EndDelta(json, s.delta);
        },
        (Events: this, index, itemId, delta));

    /// <summary>The whole of a call's arguments.</summary>
    public ValueTask SendArgumentsDoneAsync(int index, FunctionCallItem call) => events.SendAsync(
        EventName.ArgumentsDone,
        static (json, s) =>
        {
            s.Events.Begin(json, EventName.ArgumentsDone, s.index, s.call.Id);
            json.WriteString("name"u8, s.call.Name);
            json.WriteString("arguments"u8, s.call.Arguments);
            json.WriteEndObject();
        },
        (Events: this, index, call));

    /// <summary>What went wrong, in this server's own words; <see cref="EventName.Failed"/> follows.</summary>
    public ValueTask SendErrorAsync(ApiError error) => events.SendAsync(
        EventName.Error,
        static (json, s) =>
        {
            s.Events.Begin(json, EventName.Error);
            json.WriteString("code"u8, s.error.Code);
            json.WriteString("message"u8, s.error.Message);
            json.WriteString("param"u8, s.error.Param);
            json.WriteEndObject();
        },
        (Events: this, error));

    private void Begin(Utf8JsonWriter json, ReadOnlyMemory<byte> name)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, name.Span);
        json.WriteNumber("sequence_number"u8, _count++);
    }

    private void Begin(Utf8JsonWriter json, ReadOnlyMemory<byte> name, int index)
    {
        Begin(json, name);
        json.WriteNumber("output_index"u8, index);
    }

    private void Begin(Utf8JsonWriter json, ReadOnlyMemory<byte> name, int index, string itemId)
    {
        Begin(json, name, index);
        json.WriteString("item_id"u8, itemId);
    }

    private void BeginPart(Utf8JsonWriter json, ReadOnlyMemory<byte> name, int index, string itemId)
    {
        Begin(json, name, index, itemId);
        json.WriteNumber("content_index"u8, 0);
    }

    private void EndDelta(Utf8JsonWriter json, ReadOnlySpan<char> delta)
    {
        if (padsDeltas)
            json.WriteString("obfuscation"u8, RandomNumberGenerator.GetString(PaddingLetters, PaddingBlock - (Encoding.UTF8.GetByteCount(delta) % PaddingBlock)));
        json.WriteEndObject();
    }

    private static void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<ChatTokenLogprob> logprobs)
    {
        json.WriteStartArray("logprobs"u8);
        for (int i = 0; i < logprobs.Count; i++)
            JsonSerializer.Serialize(json, logprobs[i], ApiJson.Web.ChatTokenLogprob);
        json.WriteEndArray();
    }
}
