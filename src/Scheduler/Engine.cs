using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Llama.Model;

namespace Llama.Scheduling;

/// <summary>
/// The engine: one thread that owns the model and all scheduling state. <see cref="TrySubmit"/> and the events of a <see cref="Generation"/> are the only
/// crossings; both are safe from any thread.
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    /// <summary>Starts the engine's thread, which first creates the runner (so that every torch call happens there), then steps.</summary>
    /// <param name="createRunner">Loads the model; called once, on the engine's thread.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="clock">Time for deadlines and rates.</param>
    /// <param name="meters">Where the engine's metrics are registered; null for none.</param>
    public Engine(Func<IModelRunner> createRunner, SchedulerOptions options, TimeProvider clock, IMeterFactory? meters = null) => throw new NotImplementedException();

    /// <summary>Where the engine is in its life.</summary>
    public EngineState State => throw new NotImplementedException();

    /// <summary>Completes with the model's limits when it is loaded; faults with the loader's exception.</summary>
    public Task<ModelLimits> Loaded => throw new NotImplementedException();

    /// <summary>Completes when the engine's thread has ended; faults if it died.</summary>
    public Task Completion => throw new NotImplementedException();

    /// <summary>Counts of this moment: running, waiting, blocks.</summary>
    public EngineSnapshot Snapshot => throw new NotImplementedException();

    /// <summary>Accepts a request or says why not. Never blocks.</summary>
    public bool TrySubmit(GenerationRequest request, [NotNullWhen(true)] out Generation? generation, [NotNullWhen(false)] out Refusal? refusal) => throw new NotImplementedException();

    /// <summary>Refuses new requests and completes when the accepted ones have ended; on cancellation those left end with <see cref="FinishReason.Failed"/>.</summary>
    public Task DrainAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Stops at once: what is left ends with <see cref="FinishReason.Failed"/>; the runner is disposed.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
