using Llama.Scheduling;
using Llama.Server.Hosting;

namespace Llama.Server.Health;

/// <summary>Tells how the server does. It has no clock of its own: an engine is stalled when two looks far apart find work under way and no step between them.</summary>
internal sealed class Heartbeat(EngineHost host, TimeProvider clock)
{
    private const int Idle = -1; // in place of a number of steps

    // Longer than a step of the largest model on the slowest device takes: a probe that fails makes an orchestrator kill the process.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private long _steps = Idle; // at the last look
    private long _since; // when this number was first seen, with work under way

    public HealthState State => host switch
    {
        { HasFailed: true } or { Engine.State: EngineState.Failed } => HealthState.Failed,
        { IsStopping: true } or { IsDrained: true } or { Engine.State: EngineState.Draining or EngineState.Stopped } => HealthState.Draining,
        { Checkpoint: null } or { Engine: null } => HealthState.Loading,
        { Engine: { } engine } => IsStalled(engine.Snapshot) ? HealthState.Stalled : HealthState.Ok,
    };

    /// <summary>The same as the health routes say it.</summary>
    public string Status => NameOf(State);

    public static string NameOf(HealthState state) => state.ToString().ToLowerInvariant();

    private bool IsStalled(EngineSnapshot now)
    {
        lock (_gate)
        {
            long steps = now.RunningCount + now.WaitingCount == 0 ? Idle : now.StepCount;
            if (steps != _steps)
                (_steps, _since) = (steps, clock.GetTimestamp());
            return steps != Idle && clock.GetElapsedTime(_since) > Patience;
        }
    }
}
