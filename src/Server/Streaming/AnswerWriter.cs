using System.Text.Json;
using Llama.Server.Configuration;
using Llama.Server.Generating;
using Llama.Server.Json;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;
using Microsoft.Extensions.Options;

namespace Llama.Server.Streaming;

/// <summary>Sends answers, whole or as they are made. A client that leaves ends them.</summary>
internal sealed class AnswerWriter(IOptions<ServerSettings> settings, TimeProvider clock)
{
    /// <summary>Reads every choice to its end and sends one JSON object.</summary>
    public static async Task WriteWholeAsync(HttpContext context, Answers answers, AnswerFormat format)
    {
        using CancellationTokenRegistration left = context.RequestAborted.Register(answers.Abort);
        WholeAnswer?[] choices = await Task.WhenAll(answers.Streams.Select(stream => ReadAsync(stream, answers)));
        if (context.RequestAborted.IsCancellationRequested)
            return;
        if (answers.Failure is { } error)
        {
            await ErrorResponse.WriteAsync(context, error);
            return;
        }
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, ApiJson.WriterOptions);
        format.WriteWhole(json, choices!, answers.Usage);
    }

    /// <summary>
    /// Sends every choice in chunks. The first result is awaited before the headers go out, so that early failures keep their status; but for no longer than silence may last, or something on the way would take the
    /// connection for dead.
    /// </summary>
    public async Task WriteStreamAsync(HttpContext context, Answers answers, AnswerFormat format)
    {
        using CancellationTokenRegistration left = context.RequestAborted.Register(answers.Abort);
        var silence = TimeSpan.FromSeconds(settings.Value.KeepAliveSeconds);
        Task<bool>[] first = [.. answers.Streams.Select(stream => stream.MoveNextAsync().AsTask())];
        Task result = Task.WhenAny(first);
        await result.WaitAsync(silence, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (answers.Failure is { } early)
        {
            answers.Abort();
            await Task.WhenAll(first);
            await ErrorResponse.WriteAsync(context, early);
            return;
        }
        SseWriter.SetHeaders(context.Response);
        await using var events = new SseWriter(context.Response.BodyWriter, silence, clock);
        await format.BeginAsync(events);
        if (!result.IsCompleted)
            await events.SendCommentAsync();
        await Task.WhenAll(answers.Streams.Select((_, choice) => OrAbortAsync(PumpAsync(events, answers, choice, first[choice], format), answers)));
        if (!context.RequestAborted.IsCancellationRequested)
            await EndAsync(events, answers, format);
        else if (HostTimeout.IsUp(context))
            await format.FailAsync(events, ApiError.TimeIsUp());
    }

    private static async Task<WholeAnswer?> ReadAsync(TextStream stream, Answers answers)
    {
        WholeAnswer? answer = await WholeAnswer.ReadAsync(stream);
        if (answer is null)
            answers.Abort(); // one failure ends the request
        return answer;
    }

    /// <summary>A choice that cannot be sent ends the request: the others would be made for nobody.</summary>
    private static async Task OrAbortAsync(Task sending, Answers answers)
    {
        try
        {
            await sending;
        }
        catch
        {
            answers.Abort();
            throw;
        }
    }

    /// <summary>
    /// Sends a choice's pieces as they come, each in an event of its own; those that are there together leave together. So a token that comes alone leaves at once, and a connection
    /// that falls behind its answer needs the fewer writes the further behind it is.
    /// </summary>
    private static async Task PumpAsync(SseWriter events, Answers answers, int choice, Task<bool> first, AnswerFormat format)
    {
        TextStream stream = answers.Streams[choice];
        await first;
        if (!stream.IsStillborn())
            await format.StartAsync(events, choice);
        while (true)
        {
            if (stream.HasPiece)
                await format.SendPieceAsync(events, choice, stream);
            if (stream.Finish is not null)
                break;
            while (!stream.TryMoveNext())
            {
                await events.FlushAsync();
                await stream.WaitAsync();
            }
        }
        if (stream.HasFailed())
            answers.Abort(); // one failure ends the request
        else if (!stream.IsAbandoned())
            await format.FinishAsync(events, choice, stream);
        await events.FlushAsync();
    }

    private static ValueTask EndAsync(SseWriter events, Answers answers, AnswerFormat format) =>
        answers.Failure is { } error
            ? format.FailAsync(events, error)
            : format.EndAsync(events, answers.Usage);
}
