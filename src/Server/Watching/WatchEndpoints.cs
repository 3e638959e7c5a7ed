using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Parsing;
using Llama.Server.Routing;
using Llama.Server.Streaming;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;

namespace Llama.Server.Watching;

/// <summary>The engine's inside for those who watch it.</summary>
internal static class WatchEndpoints
{
    private const string FrameCount = "frames";

    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    private static readonly QueryParameter Frames = new(FrameCount, new FieldShape("integer", Minimum: 1), "Views after which the stream ends; without it, it goes on.");

    public static IServiceCollection AddWatching(this IServiceCollection services) => services.AddSingleton<EngineFeed>();

    /// <summary>Whoever may call may watch, and the admin key may.</summary>
    public static void MapEngineEvents(this IEndpointRouteBuilder routes) => routes.MapGet("/engine/events", SendAsync)
        .WithTags("Engine").WithSummary("Streams the engine's inside, three times a second: batch, sequences, KV blocks")
        .Produces<EngineView>(contentType: "text/event-stream").WithMetadata(new WatchRoute(), Frames, ErrorAnswers.BadQuery);

    private static async Task SendAsync(HttpContext context, EngineFeed feed, EngineHost host, IOptions<SchedulerSettings> scheduler, ApiKeys keys, OperatorKeys operators)
    {
        if (!TryReadQuery(context.Request.Query, out int mostFrames, out ApiError? error))
        {
            await ErrorResponse.WriteAsync(context, error);
            return;
        }
        SseWriter.SetHeaders(context.Response);
        if (HttpMethods.IsHead(context.Request.Method))
            return; // nobody would see the stream's end
        bool withNames = IsToldNames(context, keys, operators), hasIntroduced = false;
        for (int i = 0; i < mostFrames && !IsOver(context, host); i++)
        {
            if (!hasIntroduced && host is { Checkpoint: { } checkpoint, Description: { } description })
            {
                var about = EngineAbout.Of(checkpoint, description, scheduler.Value);
                await WriteAsync(context, host, "event: about\ndata: "u8, JsonSerializer.SerializeToUtf8Bytes(about, ApiJson.Web.EngineAbout));
                hasIntroduced = true;
            }
            byte[] view = (await feed.NextAsync()).Json(withNames);
            await WriteAsync(context, host, "data: "u8, view);
        }
    }

    /// <summary>Whose a request is concerns those who run the server: where they have no key of their own, all callers of a server that is open, on which there are no names.</summary>
    private static bool IsToldNames(HttpContext context, ApiKeys keys, OperatorKeys operators) =>
        operators.HasAdminKey ? context.Features.Get<Operator>() is not null : keys.AreOpen;

    /// <summary>A watcher must not keep a server from stopping that has nothing more to show.</summary>
    private static bool IsOver(HttpContext context, EngineHost host) =>
        context.RequestAborted.IsCancellationRequested || (host.IsStopping && host.Engine is not { State: EngineState.Ready or EngineState.Draining });

    private static Task WriteAsync(HttpContext context, EngineHost host, ReadOnlySpan<byte> field, byte[] data)
    {
        PipeWriter body = context.Response.BodyWriter;
        body.Write(field);
        body.Write(data);
        body.Write("\n\n"u8);
        ValueTask<FlushResult> flush = body.FlushAsync();
        return flush.IsCompleted ? flush.AsTask() : TakenAsync(context, host, flush.AsTask());
    }

    /// <summary>Waits for a watcher that does not read as long as there is something to show; then the connection ends, which would keep the server from stopping.</summary>
    private static async Task TakenAsync(HttpContext context, EngineHost host, Task flush)
    {
        await Task.WhenAny(flush, host.Over);
        await flush.WaitAsync(LastPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!flush.IsCompleted)
            context.Abort();
        await flush;
    }

    private static bool TryReadQuery(IQueryCollection query, out int mostFrames, [NotNullWhen(false)] out ApiError? error)
    {
        mostFrames = int.MaxValue;
        error = query.Keys.FirstOrDefault(name => name != FrameCount) is { } unknown ? ApiError.Unknown(unknown) : null;
        string? frames = query[FrameCount];
        if (error is null && frames is not null && !(int.TryParse(frames, CultureInfo.InvariantCulture, out mostFrames) && mostFrames > 0))
            error = ApiError.InvalidValue(FrameCount, $"'{FrameCount}' is '{frames}'; give a whole number from 1 on.");
        return error is null;
    }
}
