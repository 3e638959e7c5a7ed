using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Llama.Fleet;

/// <summary>Clients that ask one question after the other, every other of them for a stream, and never again for what went wrong.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const int AnswerTokens = 120;

    private readonly HttpClient _client;
    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _clients;
    private int _begun, _whole, _streamed, _told, _silent;

    public Load(string address, int clientCount)
    {
        _client = new HttpClient { BaseAddress = new Uri(address), Timeout = ServerProcess.Patience };
        _clients = [.. Enumerable.Range(0, clientCount).Select(client => Task.Run(() => AskOnAsync(client)))];
    }

    /// <summary>Requests that were answered to their end.</summary>
    public int DoneCount => _whole + _streamed;

    /// <summary>Streams that broke off and said so: by an error event, or by a connection that ended in the midst of an answer.</summary>
    public int ToldCount => _told;

    /// <summary>Streams that ended early and looked whole.</summary>
    public int SilentCount => _silent;

    /// <summary>Requests that got no answer although none had begun.</summary>
    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>Waits until that many more requests are done.</summary>
    public async Task GoOnAsync(int count, CancellationToken cancellation)
    {
        int goal = DoneCount + count;
        while (DoneCount < goal)
            await Task.Delay(20, cancellation);
    }

    /// <summary>Lets every client finish its question.</summary>
    public async Task StopAsync()
    {
        _end.Cancel();
        await Task.WhenAll(_clients);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_whole} whole and {_streamed} streamed answers, {_told} streams broken and told, {_silent} silently, {Failures.Count} failed");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        _end.Dispose();
    }

    private async Task AskOnAsync(int client)
    {
        while (!_end.IsCancellationRequested)
        {
            int number = Interlocked.Increment(ref _begun);
            try
            {
                await (client % 2 == 0 ? StreamAsync(number) : AskAsync(number));
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException)
            {
                Failures.Enqueue(fault.Message);
            }
        }
    }

    private async Task AskAsync(int number)
    {
        using HttpResponseMessage answer = await SendAsync(number, stream: false);
        using JsonDocument json = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
        if (json.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32() == AnswerTokens)
            Interlocked.Increment(ref _whole);
        else
            Failures.Enqueue("an answer that is not whole");
    }

    private async Task StreamAsync(int number)
    {
        using HttpResponseMessage answer = await SendAsync(number, stream: true);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        string last = "";
        try
        {
            for (string? line; (line = await lines.ReadLineAsync()) is not null;)
                last = line.Length > 0 ? line : last;
        }
        catch (IOException)
        {
            last = "data: {\"error\"";
        }
        Interlocked.Increment(ref last == "data: [DONE]" ? ref _streamed : ref last.StartsWith("data: {\"error\"", StringComparison.Ordinal) ? ref _told : ref _silent);
    }

    private async Task<HttpResponseMessage> SendAsync(int number, bool stream)
    {
        var question = new
        {
            model = "llama-2-wordnet-8m",
            messages = (object[])[new { role = "user", content = $"What is a giraffe, and what is {number}?" }],
            max_tokens = AnswerTokens,
            ignore_eos = true,
            stream,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(question) };
        HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.IsSuccessStatusCode ? answer : throw new HttpRequestException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }
}
