using System.Text.Json;
using Llama.Server.Streaming;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>How one route words its answers, whole or as events. The events of one choice come in order; those of several choices interleave.</summary>
internal abstract class AnswerFormat
{
    /// <summary>Names the answer, as its caller sees it.</summary>
    public abstract string Id { get; }

    /// <summary>The whole answer, as one JSON object.</summary>
    public abstract void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage);

    /// <summary>Opens the stream, before anything of any choice.</summary>
    public virtual ValueTask BeginAsync(SseWriter events) => ValueTask.CompletedTask;

    /// <summary>Opens a choice, before its first piece.</summary>
    public abstract ValueTask StartAsync(SseWriter events, int choice);

    /// <summary>Sends the stream's current piece.</summary>
    public abstract ValueTask SendPieceAsync(SseWriter events, int choice, TextStream stream);

    /// <summary>Closes a choice that ended well.</summary>
    public abstract ValueTask FinishAsync(SseWriter events, int choice, TextStream stream);

    /// <summary>Closes the stream when every choice ended well.</summary>
    public abstract ValueTask EndAsync(SseWriter events, Usage usage);

    /// <summary>Closes the stream when something failed after the headers had gone out.</summary>
    public abstract ValueTask FailAsync(SseWriter events, ApiError error);
}
