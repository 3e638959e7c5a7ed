using Llama.Scheduling;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Hosting;

/// <summary>A server whose engine runs one request and has one waiting, and so takes no more until they may go on.</summary>
internal sealed class FullServer : IAsyncDisposable
{
    /// <summary>What its model says.</summary>
    public const string Reply = "A giraffe is a tall animal.";

    private readonly SlowModel _slow = new();
    private TestApp? _app;
    private Task<HttpResponseMessage[]> _answers = Task.FromResult<HttpResponseMessage[]>([]);

    public TimeProvider? Clock { get; init; }

    public bool IsOnSocket { get; init; }

    public Dictionary<string, string> Settings { get; } = new() { ["Scheduler:MaxSequences"] = "1", ["Scheduler:MaxQueueLength"] = "1" };

    public Engine Engine => _app!.Engine;

    /// <summary>A client of the server once it is full.</summary>
    public async Task<HttpClient> StartAsync()
    {
        _app = new TestApp { Reply = Reply, OnStep = _slow.OnStep, Clock = Clock };
        foreach ((string key, string value) in Settings)
            _app.Settings[key] = value;
        if (IsOnSocket)
            _app.UseKestrel();
        HttpClient client = await _app.StartAsync();
        _slow.HoldAt = Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> running = AskAsync(client);
        await Wait.Until(() => _slow.IsHolding);
        _answers = Task.WhenAll(running, AskAsync(client));
        await Wait.Until(() => Engine.Snapshot.WaitingCount == 1);
        return client;
    }

    /// <summary>Lets both go on; returns their answers.</summary>
    public Task<HttpResponseMessage[]> ReleaseAsync()
    {
        _slow.Release();
        return _answers;
    }

    public async ValueTask DisposeAsync()
    {
        _slow.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client) => client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1"));
}
