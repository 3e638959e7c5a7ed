using Llama.Gateway.Configuration;
using Llama.Gateway.Streaming;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>
/// The end of the gateway's life: not ready at once, no new requests, those that run go on to their end or the limit; then streams end in an event that says so, and what has
/// no answer yet in a 503. Streams by which somebody watches an engine are not waited for.
/// </summary>
internal sealed partial class Drain(IOptions<GatewaySettings> settings, SecondSignal secondSignal, TimeProvider clock, ILogger<Drain> logger) : HostMoments, IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly RequestsUnderWay _requests = new();
    private volatile bool _isDraining;

    /// <summary>Whether the gateway has been told to stop.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Cancelled when what runs has no more time.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Middleware around every request that goes to a replica.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        return EngineEvents.AreAt(context.Request.Path) ? AdmitAsync(context) : _requests.CountAsync(context, AdmitAsync); // counted before the look: a request that is let in is waited for

        Task AdmitAsync(HttpContext admitted) =>
            _isDraining ? RefuseAsync(admitted, "The gateway is shutting down and takes no new requests.") : RunAsync(admitted, next);
    }

    /// <summary>Runs before the server stops listening, so that latecomers are told to come again rather than refused a connection.</summary>
    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        await DrainAsync(cancellationToken);
        await _cut.CancelAsync();
    }

    public void Dispose() => _cut.Dispose();

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Value.DrainSeconds), clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, secondSignal.Token, limit.Token);
        Task ended = _requests.EndAsync(patience.Token);
        if (!ended.IsCompleted)
            Log.Draining(logger, _requests.Count, settings.Value.DrainSeconds);
        await ended;
    }

    /// <summary>Ends what has no answer yet when there is no more time: its caller is told so. A stream that has begun ends by itself, in an event.</summary>
    private async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        CancellationToken left = context.RequestAborted;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(left);
        await using (_cut.Token.UnsafeRegister(_ => EndUnlessBegun(context.Response, ended), null))
        {
            context.RequestAborted = ended.Token;
            try
            {
                await next(context);
            }
            catch (OperationCanceledException) when (IsCut()) // while the body came
            {
            }
            finally
            {
                context.RequestAborted = left;
            }
        }
        if (IsCut() && !context.Response.HasStarted)
        {
            context.Response.Clear();
            await RefuseAsync(context, "The gateway is shutting down and ended this request before it was answered.");
        }

        bool IsCut() => ended.IsCancellationRequested && !left.IsCancellationRequested;
    }

    private static void EndUnlessBegun(HttpResponse response, CancellationTokenSource ended)
    {
        if (!response.HasStarted)
            ended.Cancel();
    }

    private static Task RefuseAsync(HttpContext context, string message)
    {
        context.Response.Headers.Connection = "close";
        return ErrorResponse.WriteAsync(context, ApiError.Unavailable(message, TimeSpan.FromSeconds(5)));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Stopping: {Count} requests may go on for up to {Seconds} s")]
        public static partial void Draining(ILogger logger, int count, int seconds);
    }
}
