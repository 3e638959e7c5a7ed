using Llama.Scheduling;
using Llama.Scheduling.Frames;
using Llama.Server.Health;
using Llama.Server.Hosting;

namespace Llama.Server.Watching;

/// <summary>Views of the engine, made as long as somebody waits for the next one: all who watch get the same, so that many cost the engine no more than one.</summary>
internal sealed class EngineFeed(EngineHost host, Heartbeat heart, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(333);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // with a step that takes long: watchers want to see that somebody is there

    private readonly Lock _gate = new();
    private Task<EngineEvent>? _next;
    private long? _lookedAt;

    /// <summary>The next view.</summary>
    public Task<EngineEvent> NextAsync()
    {
        lock (_gate)
            return _next is { IsCompleted: false } ? _next : _next = MakeAsync();
    }

    private async Task<EngineEvent> MakeAsync()
    {
        TimeSpan since = _lookedAt is { } last ? clock.GetElapsedTime(last) : TimeSpan.MaxValue;
        if (since < Period)
            await Task.Delay(Period - since, clock);
        EngineFrame? frame = await LookAsync();
        _lookedAt = clock.GetTimestamp();
        return new EngineEvent(EngineViews.Of(frame, heart.Status, clock.GetUtcNow(), hasSteps: since < Patience));
    }

    private async Task<EngineFrame?> LookAsync()
    {
        if (host.Engine is not { State: EngineState.Ready or EngineState.Draining } engine)
            return null;
        using var patience = new CancellationTokenSource(Patience, clock);
        try
        {
            return await engine.LookAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
