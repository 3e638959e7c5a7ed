using Llama.Scheduling;

namespace Llama.Server.Tests.Hosting;

/// <summary>A server whose engine runs one request and has one waiting, and so takes no more until they may go on.</summary>
internal sealed class FullServer : IAsyncDisposable
{
    private readonly SlowModel _slow = new();
    private readonly TestApp _app;
    private Task<HttpResponseMessage[]> _answers = Task.FromResult<HttpResponseMessage[]>([]);

    private FullServer(TimeProvider? clock, (string Key, string Value)[] settings)
    {
        _app = new TestApp { OnStep = _slow.OnStep, Clock = clock, Settings = { ["Scheduler:MaxSequences"] = "1", ["Scheduler:MaxQueueLength"] = "1" } };
        foreach ((string key, string value) in settings)
            _app.Settings[key] = value;
    }

    public HttpClient Client { get; private set; } = null!;

    public Engine Engine => _app.Engine;

    public static async Task<FullServer> StartAsync(TimeProvider? clock = null, params (string Key, string Value)[] settings)
    {
        var server = new FullServer(clock, settings);
        server.Client = await server._app.StartAsync();
        server._slow.HoldAt = server.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> running = server.AskAsync();
        await TestApp.Until(() => server._slow.IsHolding);
        server._answers = Task.WhenAll(running, server.AskAsync());
        await TestApp.Until(() => server.Engine.Snapshot.WaitingCount == 1);
        return server;
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
        await _app.DisposeAsync();
    }

    private Task<HttpResponseMessage> AskAsync() => Client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1"));
}
