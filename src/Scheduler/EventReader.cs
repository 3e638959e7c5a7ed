using System.Threading.Channels;
using System.Threading.Tasks.Sources;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>
/// The events of one generation on their way from the engine's thread to one reader. Tokens are counted rather than copied: they lie in the sequence, which has room for all of them, so that
/// neither a token nor a reader that lags behind costs memory. A reader that waits is woken together with the others of its step, see <see cref="WakeUps"/>; it keeps away from what the engine's thread
/// writes to the sequence, or that would wait for the memory each step.
/// </summary>
/// <remarks>
/// No lock: each field has one writer. What the engine's thread writes becomes visible with the count, and of the reader's decision to wait and the engine's next event
/// whichever comes second sees the other.
/// </remarks>
internal sealed class EventReader(Sequence sequence) : ChannelReader<GenerationEvent>, IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _keepsDetails = sequence.Sampling.TopLogprobs is not null;
    private SampledToken[]? _details; // where log-probabilities are wanted
    private ReadOnlyMemory<int> _output; // of the sequence
    private int _count; // of events; one for each token, and one for an ending without a token
    private int _last = int.MaxValue; // number of the last event, once it is known
    private GenerationEvent _ending;

    private int _read;
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _leaving;
    private int _isWaiting; // 1 from the reader's decision to wait until somebody has undertaken to wake it

    /// <summary>Whether its reader goes on at once on the thread that wakes it, before the others of the chain; else on a thread of its own.</summary>
    public bool GoesOnInChain { set => _wait.RunContinuationsAsynchronously = !value; }

    /// <summary>Who is woken after this one, by the same thread.</summary>
    public EventReader? Next { get; set; }

    public override Task Completion => _completion.Task;

    private bool HasNext => _read < Volatile.Read(ref _count);

    /// <summary>Publishes an event, on the engine's thread. True when the reader waits: the caller then has it woken, once.</summary>
    public bool Publish(in Outcome outcome)
    {
        if (_count == 0) _output = sequence.Output;
        if (_keepsDetails && outcome.Token is { } token) KeepDetails(token);
        if (outcome.Finish is not null) (_ending, _last) = (new GenerationEvent(outcome.Token, outcome.Finish), _count);
        Volatile.Write(ref _count, _count + 1);
        return IsFirstToWake();
    }

    public override bool TryRead(out GenerationEvent item)
    {
        item = default;
        if (!HasNext) return false;
        bool isLast = _read == _last;
        item = isLast ? _ending : new GenerationEvent(_details is null ? new SampledToken(_output.Span[_read], 0, null) : _details[_read], null);
        _read++;
        if (isLast) _completion.SetResult();
        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (HasNext) return ValueTask.FromResult(true);
        if (_read > _last) return ValueTask.FromResult(false);
        _wait.Reset();
        Interlocked.Exchange(ref _isWaiting, 1);
        if (HasNext && IsFirstToWake()) return ValueTask.FromResult(true);
        if (cancellationToken.CanBeCanceled) _leaving = cancellationToken.UnsafeRegister(static (reader, token) => ((EventReader)reader!).Cancel(token), this);
        return new ValueTask<bool>(this, _wait.Version);
    }

    /// <summary>Wakes this reader and those linked to it, on the calling thread.</summary>
    public void Execute()
    {
        for (EventReader? reader = this, next; reader is not null; reader = next)
        {
            next = reader.Next; // before it is woken: it may soon wait again, and be linked anew
            reader.Next = null; // one that never waits again would hold on to those that ended after it, and they to those after them
            reader._wait.SetResult(true);
        }
    }

    public bool GetResult(short token)
    {
        _leaving.Dispose();
        _leaving = default;
        return _wait.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _wait.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private bool IsFirstToWake() => Interlocked.Exchange(ref _isWaiting, 0) == 1;

    private void Cancel(CancellationToken cancellation)
    {
        if (IsFirstToWake()) _wait.SetException(new OperationCanceledException(cancellation));
    }

    /// <summary>The reader holds on to the array that it saw; what stands in it does not change.</summary>
    private void KeepDetails(in SampledToken token)
    {
        _details ??= new SampledToken[16];
        if (_count == _details.Length) Array.Resize(ref _details, 2 * _count);
        _details[_count] = token;
    }
}
