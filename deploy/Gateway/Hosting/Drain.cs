using Llama.Gateway.Configuration;
using Llama.Gateway.Streaming;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>
/// The end of the gateway's life: not ready at once, no new requests, those that run go on to their end or the limit, and streams that are still there then end in an event that
/// says so. Streams by which somebody watches an engine are not waited for.
/// </summary>
internal sealed partial class Drain(IOptions<GatewaySettings> settings, SecondSignal secondSignal, TimeProvider clock, ILogger<Drain> logger) : HostMoments, IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDraining;
    private int _runningCount;

    /// <summary>Whether the gateway has been told to stop.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Cancelled when what runs has no more time.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Middleware around every request that goes to a replica.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        int counted = EngineEvents.AreAt(context.Request.Path) ? 0 : 1;
        Interlocked.Add(ref _runningCount, counted); // before the look: a request that is let in is waited for
        try
        {
            if (_isDraining)
                await RefuseAsync(context, "The gateway is shutting down and takes no new requests.");
            else
                await RunAsync(context, next);
        }
        finally
        {
            if (Interlocked.Add(ref _runningCount, -counted) == 0 && _isDraining)
                _empty.TrySetResult();
        }
    }

    /// <summary>Runs before the server stops listening, so that latecomers are told to come again rather than refused a connection.</summary>
    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        if (Volatile.Read(ref _runningCount) is > 0 and var count)
            await DrainAsync(count, cancellationToken);
        await _cut.CancelAsync();
    }

    public void Dispose() => _cut.Dispose();

    private async Task DrainAsync(int count, CancellationToken cancellationToken)
    {
        Log.Draining(logger, count, settings.Value.DrainSeconds);
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, secondSignal.Token);
        await _empty.Task.WaitAsync(TimeSpan.FromSeconds(settings.Value.DrainSeconds), clock, hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
