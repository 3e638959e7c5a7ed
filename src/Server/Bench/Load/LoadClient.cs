using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Load;

/// <summary>Sends requests to one server and follows their streams, cheaply enough not to be what is measured.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly ServePlan _plan;
    private readonly Uri _base;

    private LoadClient(ServePlan plan, Uri url)
    {
        (_plan, Url) = (plan, url);
        string path = url.AbsolutePath.TrimEnd('/');
        _base = new Uri(url, path.EndsWith("/v1", StringComparison.Ordinal) ? path + "/" : path + "/v1/");
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan, // a connection made within a round would count as latency
            ActivityHeadersPropagator = null,
            UseCookies = false,
        });
    }

    public Uri Url { get; }

    /// <summary>The id that requests call the model by.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Connects, and finds the model's id unless the plan names it.</summary>
    /// <exception cref="VerbException">The server is not there or does not say.</exception>
    public static async Task<LoadClient> ConnectAsync(ServePlan plan, Uri url, CancellationToken cancellation)
    {
        LoadClient client = new(plan, url);
        client.Model = plan.Model ?? await client.FirstModelAsync(cancellation);
        return client;
    }

    /// <summary>Sends one request and reads its stream to the end. What goes wrong becomes its outcome.</summary>
    public async Task<RequestOutcome> SendAsync(LoadRequest request, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_plan.TimeoutSeconds));
        using HttpRequestMessage message = Message(HttpMethod.Post, _plan.Endpoint == ServePlan.Chat ? "chat/completions" : "completions");
        message.Content = new ByteArrayContent(RequestBody.Write(request, Model, _plan));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        StreamReading reading = new(Stopwatch.GetTimestamp());
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(message, patience.Token);
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
            return Failure(reading, exception is IOException ? "cut stream" : "connection", exception.Message);
        }
    }

    public void Dispose() => _http.Dispose();

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

    private async Task<string> FirstModelAsync(CancellationToken cancellation)
    {
        string place = new Uri(_base, "models").ToString();
        try
        {
            using HttpRequestMessage message = Message(HttpMethod.Get, "models");
            using HttpResponseMessage response = await _http.SendAsync(message, cancellation);
            string body = await response.Content.ReadAsStringAsync(cancellation);
            if (!response.IsSuccessStatusCode) throw new VerbException($"{place} answered {(int)response.StatusCode}: {ErrorText.Of(body)} Give --api-key if it wants one.");
            return JsonElement.Parse(body).GetProperty("data")[0].GetProperty("id").GetString()!;
        }
        catch (HttpRequestException exception)
        {
            throw new VerbException($"{place} cannot be reached: {exception.Message}. Start the server, or give another --url.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new VerbException($"{place} does not list models as OpenAI's does. Give --model, or another --url.");
        }
    }

    private HttpRequestMessage Message(HttpMethod method, string route)
    {
        HttpRequestMessage message = new(method, new Uri(_base, route));
        if (_plan.ApiKey is { } key) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return message;
    }
}
