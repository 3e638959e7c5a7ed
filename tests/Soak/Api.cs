using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Llama.Soak;

/// <summary>Asks a server and throws <see cref="UnexpectedAnswerException"/> at whatever it must not answer.</summary>
internal sealed class Api : IDisposable
{
    // Longer than a request may take on a machine that stands still for a while.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly HttpClient _client;

    private Api(string address) => _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4096 }) { BaseAddress = new Uri(address), Timeout = Patience };

    /// <summary>The id that requests call the model by.</summary>
    public string Model { get; private set; } = "";

    public static async Task<Api> ConnectAsync(string address)
    {
        var api = new Api(address);
        api.Model = (await api.GetAsync("/v1/models")).GetProperty("data")[0].GetProperty("id").GetString()!;
        return api;
    }

    /// <summary>The JSON of an answer of 200.</summary>
    public async Task<JsonElement> AskAsync(string path, object body, CancellationToken cancellation = default)
    {
        using HttpResponseMessage answer = await _client.PostAsync(path, JsonContent.Create(body), cancellation);
        return JsonElement.Parse(await BodyAsync(answer, HttpStatusCode.OK, cancellation));
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage answer = await _client.GetAsync(path);
        return JsonElement.Parse(await BodyAsync(answer, HttpStatusCode.OK, default));
    }

    public async Task<string> TextAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await _client.GetAsync(path, cancellation);
        return await BodyAsync(answer, HttpStatusCode.OK, cancellation);
    }

    /// <summary>The events' data of a stream, all of them or so many; then the connection is broken off.</summary>
    public async Task<List<string>> StreamAsync(string path, object body, int mostEvents = int.MaxValue)
    {
        using HttpResponseMessage answer = await _client.SendAsync(new(HttpMethod.Post, path) { Content = JsonContent.Create(body) }, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode != HttpStatusCode.OK) await BodyAsync(answer, HttpStatusCode.OK, default);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        List<string> events = [];
        while (events.Count < mostEvents && await lines.ReadLineAsync() is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal)) events.Add(line[6..]);
        return events;
    }

    /// <summary>Sends a body, of whatever kind, that must be refused with this status and an error object.</summary>
    public async Task ErrAsync(HttpMethod method, string path, string? body, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await _client.SendAsync(new(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") });
        JsonElement error = JsonElement.Parse(await BodyAsync(answer, expected, default)).GetProperty("error");
        if (error.GetProperty("message").GetString() is not { Length: > 0 }) throw new UnexpectedAnswerException($"{path} answered an error without a message");
    }

    /// <summary>Deletes a stored thing.</summary>
    public async Task DeleteAsync(string path)
    {
        using HttpResponseMessage answer = await _client.DeleteAsync(path);
        await BodyAsync(answer, HttpStatusCode.OK, default);
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> BodyAsync(HttpResponseMessage answer, HttpStatusCode expected, CancellationToken cancellation)
    {
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null) throw new RefusedException();
        if (StackTrace.IsIn(text)) throw new UnexpectedAnswerException($"a stack trace in an answer: {text}");
        return answer.StatusCode == expected
            ? text
            : throw new UnexpectedAnswerException($"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {(int)answer.StatusCode} instead of {(int)expected}: {text}");
    }
}
