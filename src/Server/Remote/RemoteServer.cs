using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Llama.Server.CommandLine;

namespace Llama.Server.Remote;

/// <summary>An OpenAI-compatible server of any make, by its address.</summary>
internal sealed class RemoteServer : IDisposable
{
    public static readonly Uri Default = new("http://localhost:8080");

    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(10);

    private readonly string? _apiKey;
    private readonly Uri _base;
    private readonly TimeSpan _patience;
    private readonly HttpMessageInvoker _http;

    /// <param name="url">Its address, with or without <c>/v1</c>.</param>
    /// <param name="apiKey">Sent as <c>Authorization: Bearer</c>, without the space around it that a file may have left; null for none.</param>
    /// <param name="patience">How long a connection may take to come about; null for ten seconds.</param>
    /// <exception cref="VerbException">No header can hold the key.</exception>
    public RemoteServer(Uri url, string? apiKey, TimeSpan? patience = null)
    {
        (Url, _apiKey, _patience) = (url, apiKey?.Trim(), patience ?? UsualPatience);
        if (_apiKey is not null && !_apiKey.All(letter => letter is > ' ' and <= '~')) throw new VerbException("The API key holds a space, or a letter that is not ASCII; check --api-key, or OPENAI_API_KEY in the environment.");
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectTimeout = _patience,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan, // a connection made within a measurement would count as latency
            ActivityHeadersPropagator = null,
            UseCookies = false,
        });
        string path = url.AbsolutePath.TrimEnd('/');
        _base = new Uri(url, path.EndsWith("/v1", StringComparison.Ordinal) ? path + "/" : path + "/v1/");
    }

    public Uri Url { get; }

    /// <summary>Sends JSON to a route below <c>/v1/</c>; the body of the answer is still to be read.</summary>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<HttpResponseMessage> PostAsync(string route, byte[] json, CancellationToken cancellation)
    {
        HttpRequestMessage message = Message(HttpMethod.Post, route);
        message.Content = new ByteArrayContent(json);
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(message, cancellation);
    }

    /// <summary>The ids of its models; at least one.</summary>
    /// <exception cref="VerbException">The server is not there or does not say.</exception>
    public async Task<string[]> ModelsAsync(CancellationToken cancellation)
    {
        string place = new Uri(_base, "models").ToString();
        try
        {
            using HttpResponseMessage response = await SendAsync(Message(HttpMethod.Get, "models"), cancellation);
            string body = await response.Content.ReadAsStringAsync(cancellation);
            if (!response.IsSuccessStatusCode) throw new VerbException($"{place} answered {(int)response.StatusCode}: {ErrorText.Of(body)} Give --api-key if it wants one.");
            string[] ids = [.. JsonElement.Parse(body).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
            return ids.Length > 0 ? ids : throw new VerbException($"{place} lists no model. Give --model, or another --url.");
        }
        catch (PlainServerException exception)
        {
            throw new VerbException($"{place} cannot be reached: {exception.Message}.");
        }
        catch (HttpRequestException exception)
        {
            throw new VerbException($"{place} cannot be reached: {ErrorText.Of(exception)}. Start the server (dotnet run -c Release --project src/Server), or give another --url.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new VerbException($"{place} does not list models as OpenAI's does. Give --model, or another --url.");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(message, cancellation);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested) // the handler's word for a connection that does not come about
        {
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"no connection within {_patience.TotalSeconds} s"), late);
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            if (await IsPlainAsync(cancellation)) throw new PlainServerException(Plain.GetLeftPart(UriPartial.Authority), fault);
            throw;
        }
    }

    /// <summary>The same place without TLS.</summary>
    private Uri Plain => new UriBuilder(_base) { Scheme = Uri.UriSchemeHttp }.Uri;

    /// <summary>Whether it answers without TLS. One that does not take that says so with 400, or breaks off.</summary>
    private async Task<bool> IsPlainAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_patience);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Plain, "models")), patience.Token); // without the key
            return response.StatusCode != HttpStatusCode.BadRequest;
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    private HttpRequestMessage Message(HttpMethod method, string route)
    {
        HttpRequestMessage message = new(method, new Uri(_base, route));
        if (_apiKey is { } key) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return message;
    }

    private sealed class PlainServerException(string address, Exception inner) : HttpRequestException($"the server there speaks HTTP without TLS; write {address}", inner);
}
