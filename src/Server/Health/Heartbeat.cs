using Llama.Scheduling;
using Llama.Server.Hosting;

namespace Llama.Server.Health;

/// <summary>
/// Tells how the server does. It has no clock of its own: an engine is stalled when two looks far apart find work under way and nothing done between them. What is done is steps, and within one weights that
/// have come from outside: a model much larger than its memory takes longer for one step than anybody would wait.
/// </summary>
internal sealed class Heartbeat(EngineHost host, TimeProvider clock)
{
    private const int Idle = -1; // in place of what is done

    // Longer than a step of the largest model takes from memory, and than a layer of it takes to come from a disk: a probe that fails makes an orchestrator kill the process.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private long _done = Idle; // at the last look: steps and bytes together, since both only grow
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

    private long StreamedBytes => host.Description?.Devices.Sum(device => device.Traffic?.Bytes ?? 0) ?? 0;

    private bool IsStalled(EngineSnapshot now)
    {
        lock (_gate)
        {
            long done = now.RunningCount + now.WaitingCount == 0 ? Idle : now.StepCount + StreamedBytes;
            if (done != _done)
                (_done, _since) = (done, clock.GetTimestamp());
            return done != Idle && clock.GetElapsedTime(_since) > Patience;
        }
    }
}
