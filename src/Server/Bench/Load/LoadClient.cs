using System.Diagnostics;
using System.Net;
using Llama.Server.CommandLine;
using Llama.Server.Remote;

namespace Llama.Server.Bench.Load;

/// <summary>Sends requests to one server and follows their streams, cheaply enough not to be what is measured.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly RemoteServer _server;
    private readonly ServePlan _plan;

    private LoadClient(ServePlan plan, Uri url) => (_plan, _server) = (plan, new RemoteServer(url, plan.ApiKey));

    public Uri Url => _server.Url;

    /// <summary>The id that requests call the model by.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Connects, and finds the model's id unless the plan names it.</summary>
    /// <exception cref="VerbException">The server is not there or does not say.</exception>
    public static async Task<LoadClient> ConnectAsync(ServePlan plan, Uri url, CancellationToken cancellation)
    {
        LoadClient client = new(plan, url);
        client.Model = plan.Model ?? (await client._server.ModelsAsync(cancellation))[0];
        return client;
    }

    /// <summary>Sends one request and reads its stream to the end. What goes wrong becomes its outcome.</summary>
    public async Task<RequestOutcome> SendAsync(LoadRequest request, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_plan.TimeoutSeconds));
        byte[] body = RequestBody.Write(request, Model, _plan);
        StreamReading reading = new(Stopwatch.GetTimestamp());
        try
        {
            using HttpResponseMessage response = await _server.PostAsync(_plan.Endpoint == ServePlan.Chat ? "chat/completions" : "completions", body, patience.Token);
            if (!response.IsSuccessStatusCode) return await RefusalAsync(response, reading, patience.Token);
            await ReadAsync(response, reading, patience.Token);
            return reading.End(Stopwatch.GetTimestamp());
        }
        catch (OperationCanceledException)
        {
            return cancellation.IsCancellationRequested
                ? reading.End(Stopwatch.GetTimestamp()) with { Kind = OutcomeKind.Interrupted, Fault = null, Detail = null }
                : Failure(reading, "timeout", $"No end within {_plan.TimeoutSeconds} s (--timeout).");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Failure(reading, exception is IOException ? "cut stream" : "connection", ErrorText.Of(exception));
        }
    }

    public void Dispose() => _server.Dispose();

    private static async Task ReadAsync(HttpResponseMessage response, StreamReading reading, CancellationToken cancellation)
    {
        using SseLines lines = new();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        while (await stream.ReadAsync(lines.Free, cancellation) is > 0 and int count)
        {
            long now = Stopwatch.GetTimestamp();
            lines.Advance(count);
            while (lines.TryTake(out ReadOnlySpan<byte> data)) reading.Take(data, now);
        }
    }

    private static async Task<RequestOutcome> RefusalAsync(HttpResponseMessage response, StreamReading reading, CancellationToken cancellation)
    {
        string detail = ErrorText.Of(await response.Content.ReadAsStringAsync(cancellation));
        bool isRefused = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests && response.Headers.RetryAfter is not null;
        RequestOutcome failure = Failure(reading, $"HTTP {(int)response.StatusCode}", detail);
        return isRefused ? failure with { Kind = OutcomeKind.Refused } : failure;
    }

    private static RequestOutcome Failure(StreamReading reading, string fault, string detail) =>
        reading.End(Stopwatch.GetTimestamp()) with { Kind = OutcomeKind.Failed, Fault = fault, Detail = detail };
}
