using Llama.Scheduling;
using Llama.Server.Hosting;

namespace Llama.Server.Health;

/// <summary>Tells how the engine does. A loop that has work but has not stepped for long is stalled; probes themselves are the clock ticks of this watch.</summary>
internal sealed class Heartbeat(EngineHost host, TimeProvider clock)
{
    // Longer than a step of the largest model on the slowest device takes: a probe that fails makes an orchestrator kill the process.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private long _steps = -1;
    private long _since;

    /// <summary><c>ok</c>, <c>loading</c>, <c>draining</c>, <c>failed</c> or <c>stalled</c>.</summary>
    public string Status => host switch
    {
        { HasFailed: true } or { Engine.State: EngineState.Failed } => "failed",
        { IsStopping: true } or { IsDrained: true } or { Engine.State: EngineState.Draining or EngineState.Stopped } => "draining",
        { Checkpoint: null } or { Engine: null } => "loading",
        { Engine: { } engine } => IsStalled(engine.Snapshot) ? "stalled" : "ok",
    };

    private bool IsStalled(EngineSnapshot now)
    {
        lock (_gate)
        {
            bool isIdle = now.RunningCount + now.WaitingCount == 0;
            if (isIdle || now.StepCount != _steps)
                (_steps, _since) = (now.StepCount, clock.GetTimestamp());
            return clock.GetElapsedTime(_since) > Patience;
        }
    }
}
