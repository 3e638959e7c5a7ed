using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Llama.Model;
using Llama.Model.Threads;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Metrics;
using Llama.Scheduling.Tracing;

namespace Llama.Scheduling;

/// <summary>
/// The engine: one thread that owns the model and all scheduling state. <see cref="TrySubmit(GenerationRequest, out Generation?, out Refusal?)"/> and the
/// events of a <see cref="Generation"/> are the only crossings; both are safe from any thread.
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    /// <summary>Name of the meter that its instruments belong to.</summary>
    public const string MeterName = "Llama.Scheduling";

    private readonly Func<IModelRunner> _createRunner;
    private readonly SchedulerOptions _options;
    private readonly TimeProvider _clock;
    private readonly IMeterFactory? _meters;
    private readonly Action<Exception>? _onStepFailed;
    private readonly Action<Exception>? _onTraceBroken;
    private readonly EngineLife _life = new();
    private readonly Inbox _inbox = new();
    private readonly Backlog _backlog;
    private readonly EngineCounters _counters;
    private readonly Lookout _lookout;
    private readonly Gate _gate;
    private readonly Reception _reception;

    /// <summary>Starts the engine's thread, which first creates the runner (so that every torch call happens there), then steps.</summary>
    /// <param name="createRunner">Loads the model; called once, on the engine's thread.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="clock">Time for deadlines and rates.</param>
    /// <param name="meters">Where the engine's metrics are registered; null for none.</param>
    /// <param name="onStepFailed">Told, on the engine's thread, what a step threw that failed its requests; must not throw. Null for nobody.</param>
    /// <param name="onTraceBroken">Told, once and on the thread that writes there, why nothing more can be written to <see cref="SchedulerOptions.TracePath"/>; must not throw. Null for nobody.</param>
    public Engine(
        Func<IModelRunner> createRunner,
        SchedulerOptions options,
        TimeProvider clock,
        IMeterFactory? meters = null,
        Action<Exception>? onStepFailed = null,
        Action<Exception>? onTraceBroken = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchTokens ?? 1, 1, nameof(options.MaxBatchTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequences, 1);
        (_createRunner, _options, _clock, _meters, _onStepFailed, _onTraceBroken) = (createRunner, options, clock, meters, onStepFailed, onTraceBroken);
        _backlog = new Backlog(options.MaxQueueLength);
        _counters = new EngineCounters(_backlog);
        _lookout = new Lookout(clock);
        _gate = new Gate(_life, options, _backlog);
        _reception = new Reception(_gate, _backlog, _inbox, clock);
        new Thread(Live) { Name = "Llama engine", IsBackground = true }.Begin();
    }

    /// <summary>Where the engine is in its life.</summary>
    public EngineState State => _life.State;

    /// <summary>Completes with the model's limits when it is loaded; faults with the loader's exception.</summary>
    public Task<ModelLimits> Loaded => _life.Loaded;

    /// <summary>Completes when the engine's thread has ended; faults if it died.</summary>
    public Task Completion => _life.Completion;

    /// <summary>When a request that it could not serve in time is worth sending again, from measured throughput.</summary>
    public TimeSpan RetryAfter => _backlog.RetryAfter();

    /// <summary>Counts of this moment: running, waiting, blocks.</summary>
    public EngineSnapshot Snapshot => _counters.Snapshot;

    /// <summary>
    /// The engine's inside as it is after the step under way; null once the engine has ended. It is made when somebody asks, so an engine that nobody looks at spends
    /// nothing on it, and all who ask during a step get the same.
    /// </summary>
    /// <param name="cancellation">Gives up waiting; a model that is still being loaded answers when it is.</param>
    public Task<EngineFrame?> LookAsync(CancellationToken cancellation)
    {
        Task<EngineFrame?> frame = _lookout.Ask();
        _inbox.TryPost(MessageKind.Wake); // it may be asleep
        return frame.WaitAsync(cancellation);
    }

    /// <summary>Accepts a request or says why not. Never blocks.</summary>
    /// <exception cref="ArgumentException">The prompt is empty or holds a token outside the vocabulary, or <c>MaxTokens</c> is below 1 (0 with something wanted of the prompt).</exception>
    public bool TrySubmit(GenerationRequest request, [NotNullWhen(true)] out Generation? generation, [NotNullWhen(false)] out Refusal? refusal)
    {
        bool isAccepted = TrySubmit([request], out IReadOnlyList<Generation>? generations, out refusal);
        generation = isAccepted ? generations![0] : null;
        return isAccepted;
    }

    /// <summary>
    /// Accepts several requests that continue one prompt (with the same salt, priority and share key, and the same wanted of it), or none of them. The prompt is computed once, as far as
    /// there is room to run them together, and its blocks are shared. Each is a generation of its own from then on. Never blocks.
    /// </summary>
    /// <param name="requests">One or more.</param>
    /// <param name="generations">Theirs, in the same order.</param>
    /// <param name="refusal">Why not.</param>
    /// <exception cref="ArgumentException">As for one request; or there is none, or they do not continue one prompt.</exception>
    public bool TrySubmit(
        IReadOnlyList<GenerationRequest> requests, [NotNullWhen(true)] out IReadOnlyList<Generation>? generations, [NotNullWhen(false)] out Refusal? refusal) =>
        _reception.TryTake(requests, out generations, out refusal);

    /// <summary>
    /// Refuses new requests and completes when the accepted ones have ended and the thread with them; on cancellation those left end with
    /// <see cref="FinishReason.Failed"/> after the step they are in.
    /// </summary>
    public Task DrainAsync(CancellationToken cancellation)
    {
        CancellationTokenRegistration impatience = cancellation.UnsafeRegister(static engine => ((Engine)engine!).Stop(), this);
        _life.BeginDraining();
        _inbox.TryPost(MessageKind.Wake);
        return _life.Ended.ContinueWith(_ => impatience.Unregister(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Stops after the step under way: what is left ends with <see cref="FinishReason.Failed"/>; the runner is disposed.</summary>
    public ValueTask DisposeAsync()
    {
        Stop();
        return new ValueTask(_life.Ended);
    }

    private void Stop()
    {
        _life.BeginStopping();
        _inbox.Close();
    }

    /// <summary>The thread.</summary>
    private void Live()
    {
        Exception? failure = null;
        try
        {
            using FileStream? trace = _options.TracePath is null ? null : TraceFile.OpenAtEnd(_options.TracePath); // one that cannot be had is told before a model is loaded
            using IModelRunner runner = _createRunner();
            Serve(runner, trace);
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        _life.End(failure);
        _lookout.Close();
    }

    private void Serve(IModelRunner runner, FileStream? traceFile)
    {
        using EngineMetrics? metrics = _meters is null ? null : new EngineMetrics(_meters, _counters, _clock);
        using TraceWriter? trace = traceFile is null ? null : new TraceWriter(traceFile, runner.Limits, _clock, _onTraceBroken, metrics is null ? null : metrics.Unrecorded);
        Reporter reporter = new(_backlog, _counters, _lookout, metrics, trace, _clock, _onStepFailed);
        EngineLoop loop = new(runner, _options, _clock, _inbox, _backlog, reporter);
        _gate.Open(runner.Limits);
        _life.BeginServing(runner.Limits);
        loop.Run(_life);
    }
}
