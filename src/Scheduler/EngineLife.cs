using Llama.Model;

namespace Llama.Scheduling;

/// <summary>The engine's state and the promises that hang on it. The state moves forward only: loading, ready, draining, then stopped or failed.</summary>
internal sealed class EngineLife
{
    private readonly TaskCompletionSource<ModelLimits> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile EngineState _state = EngineState.Loading;
    private volatile bool _isStopping;

    public EngineState State => _state;

    /// <summary>Whether what is left shall not be waited for.</summary>
    public bool IsStopping => _isStopping;

    public Task<ModelLimits> Loaded => _loaded.Task;

    public Task Completion => _completion.Task;

    /// <summary>Completes with <see cref="Completion"/>, but never faults.</summary>
    public Task Ended => _ended.Task;

    public void BeginServing(ModelLimits limits)
    {
        TryMove(EngineState.Loading, EngineState.Ready); // unless it drains already
        _loaded.SetResult(limits);
    }

    public void BeginDraining()
    {
        if (!TryMove(EngineState.Loading, EngineState.Draining)) TryMove(EngineState.Ready, EngineState.Draining);
    }

    public void BeginStopping()
    {
        _isStopping = true; // first: whoever sees it drain sees that too
        BeginDraining();
    }

    /// <param name="failure">What the thread died of; null when it ended as asked.</param>
    public void End(Exception? failure)
    {
        _state = failure is null ? EngineState.Stopped : EngineState.Failed;
        if (failure is null)
        {
            _completion.SetResult();
        }
        else
        {
            _loaded.TrySetException(failure);
            _completion.SetException(failure);
        }
        _ended.SetResult();
    }

    private bool TryMove(EngineState from, EngineState to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
