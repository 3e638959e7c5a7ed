using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Guidance;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>
/// The engine's life inside the host: loaded in the background while HTTP is already live, warmed up with one token, drained before the host stops listening. A model
/// that cannot be loaded stops the host only where <see cref="LlamaOptions.StopHostOnFailure"/> says so.
/// </summary>
internal sealed partial class EngineHost(
    ModelIdentity identity,
    LoadModel load,
    IOptions<ModelSettings> model,
    IOptions<SchedulerSettings> scheduler,
    IOptions<ServerSettings> server,
    TimeProvider clock,
    IMeterFactory meters,
    LlamaOptions options,
    SecondSignal secondSignal,
    RequestsUnderWay requests,
    IHostApplicationLifetime lifetime,
    ILogger<EngineHost> logger) : BackgroundService, IHostedLifecycleService
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Engine? _engine;
    private volatile Checkpoint? _checkpoint;
    private volatile ModelDescription? _description;
    private volatile ApiError? _failure;
    private volatile Exception? _stepFault;
    private volatile bool _isDrained;
    private volatile bool _isStopping;
    private volatile bool _isDisposed;

    /// <summary>The engine, once it has been made; it may still be loading.</summary>
    public Engine? Engine => _engine;

    /// <summary>The served model, once it is ready.</summary>
    public Checkpoint? Checkpoint => _checkpoint;

    /// <summary>What was loaded, once it was.</summary>
    public ModelDescription? Description => _description;

    /// <summary>Whether an operator has new requests refused, so that the running ones come to their end; can be taken back.</summary>
    public bool IsDrained
    {
        get => _isDrained;
        set => _isDrained = value;
    }

    /// <summary>Whether the host has been told to stop.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>Whether the model could not be loaded or the engine died.</summary>
    public bool HasFailed => _failure is not null;

    /// <summary>Completes when <see cref="TryGet"/> no longer says that the model is being loaded: it is ready, has failed, or the host stops.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Completes when the host has been told to stop and nothing of what was asked is under way any more, or has time.</summary>
    public Task Over => _over.Task;

    /// <summary>Gives the loaded model and its engine, or says why there is none: not under that name, not for that caller, not yet, or no more.</summary>
    /// <param name="caller">Who asks, with a key or without.</param>
    /// <param name="model">The id that the request calls the model by; null where it does not say.</param>
    /// <param name="priority">The priority that it asks for, if it does.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="error">What to tell the caller.</param>
    public bool TryGet(
        Caller? caller, string? model, int? priority, [NotNullWhen(true)] out Engine? engine, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out ApiError? error)
    {
        engine = _engine;
        checkpoint = _checkpoint;
        model ??= identity.NameFor(caller);
        error = identity.Check(model) ?? caller?.Check(model, priority) ?? Absence(engine, checkpoint);
        return error is null;
    }

    /// <summary>Begins loading before any hosted service of the application starts: one of them may ask the model while it starts, and would hold up the loading that it waits for.</summary>
    public Task StartingAsync(CancellationToken cancellation) => base.StartAsync(cancellation);

    public override Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Runs before the server stops listening, so that latecomers are told to come again rather than refused a connection.</summary>
    public async Task StoppingAsync(CancellationToken cancellation)
    {
        if (_over.Task.IsCompleted) // told twice
            return;
        _isStopping = true;
        _settled.TrySetResult();
        if (_engine is { } engine) // else nothing was served, and the settings may be wrong
            await DrainAsync(engine, cancellation);
        _over.TrySetResult();
    }

    public async Task StoppedAsync(CancellationToken cancellation)
    {
        if (_engine is not { } engine)
            return;
        bool isLoading = engine.State == EngineState.Loading;
        Task ended = engine.DisposeAsync().AsTask();
        if (!isLoading) // loading cannot be broken off: its thread ends when it is through, or with the process
            await ended.WaitAsync(cancellation);
    }

    /// <summary>Of a host that nobody stopped, as one whose start failed, the engine ends here; nobody waits for it.</summary>
    public override void Dispose()
    {
        _isStopping = _isDisposed = true;
        _settled.TrySetResult();
        _over.TrySetResult();
        base.Dispose(); // cancels what loads it
        _ = _engine?.DisposeAsync().AsTask();
    }

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        try
        {
            CheckpointText text = CheckpointText.Load(identity.Folder, model.Value.ToolFormat);
            _engine = new Engine(LoadRunner, scheduler.Value.ToOptions(), clock, meters, StepFailed, exception => Log.TraceBroken(logger, scheduler.Value.TracePath, exception.Message));
            Task prepared = Task.Run(() => TokenGrammar.Prepare(text.Tokenizer), stopping); // beside the loading of the weights
            ModelLimits limits = await _engine.Loaded.WaitAsync(stopping);
            await WarmUp.RunAsync(_engine, text.Tokenizer, () => _stepFault, stopping);
            await prepared;
            _checkpoint = Checkpoint.Of(identity.Name, text, limits, _description!);
            _settled.TrySetResult();
            Log.Ready(logger, identity.Name, _description!.Model, _description.Device, _description.Dtype, _description.KvCache, _description.Memory ?? "no limit", text.Chat.Description, text.Tools, text.Defaults);
            foreach (string warning in _description.Warnings) Log.ReadyBut(logger, warning);
            _ = _description.Packed.ContinueWith(packed => Log.ReadyBut(logger, packed.Exception!.InnerException!.Message), stopping, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            await _engine.Completion.WaitAsync(stopping);
        }
        catch (Exception) when (_isStopping || stopping.IsCancellationRequested) // nobody waits for the model any more, and an engine that drains refuses its warm-up
        {
            if (_isDisposed) // before there was an engine, maybe
                _ = _engine?.DisposeAsync().AsTask();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private async Task DrainAsync(Engine engine, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(server.Value.DrainSeconds)); // of none it is at once over
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, secondSignal.Token, limit.Token);
        if (!HasFailed && engine.State is EngineState.Ready or EngineState.Draining) // of a model that is not served nothing is being made
        {
            Log.Draining(logger, Math.Max(engine.Snapshot.RunningCount + engine.Snapshot.WaitingCount, requests.Count), server.Value.DrainSeconds); // of both, as some come from within the process, and some are not with the engine
            await engine.DrainAsync(patience.Token);
        }
        await requests.EndAsync(patience.Token);
    }

    private ApiError? Absence(Engine? engine, Checkpoint? checkpoint) =>
        _isStopping ? RefusalErrors.Draining() : _isDrained ? RefusalErrors.Drained() : _failure ?? (engine is null || checkpoint is null ? RefusalErrors.Loading() : null);

    private IModelRunner LoadRunner()
    {
        LoadedModel loaded = load(model.Value.ToOptions(identity.Folder, scheduler.Value));
        _description = loaded.Description;
        return loaded.Runner;
    }

    private void StepFailed(Exception exception)
    {
        _stepFault = exception;
        Log.StepFailed(logger, exception);
    }

    private void Fail(Exception exception)
    {
        string reason = exception switch
        {
            CheckpointException => exception.Message,
            _ when MemoryShortage.IsUnexplained(exception) => $"there is not enough memory for it and its KV cache. {MemoryShortage.Remedy}",
            _ => exception.Message.Split('\n')[0], // torch puts its stack behind the first line
        };
        _failure = RefusalErrors.CannotServe(reason);
        _settled.TrySetResult();
        if (options.StopHostOnFailure)
            lifetime.ApplicationStarted.Register(TellAndStop); // not while the host still starts: it would report a cancelled start, and the reason would not be the last line
        else
            Tell();

        void Tell() => Log.Failed(logger, identity.Folder, reason, logger.IsEnabled(LogLevel.Debug) ? exception : null);

        void TellAndStop()
        {
            Tell();
            lifetime.StopApplication();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Ready: {Name}\n  model    {Model}\n  device   {Device}\n  dtype    {Dtype}\n  KV cache {KvCache}\n  memory   {Memory}\n  chat     {Chat}\n  tools    {Tools}\n  defaults {Defaults}")]
        public static partial void Ready(ILogger logger, string name, string model, string device, string dtype, string kvCache, string memory, string chat, string tools, GenerationDefaults defaults);

        [LoggerMessage(LogLevel.Warning, "{Warning}")]
        public static partial void ReadyBut(ILogger logger, string warning);

        [LoggerMessage(LogLevel.Information, "Stopping: {Count} requests may go on for up to {Seconds} s")]
        public static partial void Draining(ILogger logger, int count, int seconds);

        [LoggerMessage(LogLevel.Error, "The model failed a step or a row of one, and with it the requests concerned")]
        public static partial void StepFailed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Error, "Scheduler:TracePath {Path} can no longer be written: {Reason}. Requests are served on; until the next start none is recorded")]
        public static partial void TraceBroken(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Critical, "The model in {Folder} cannot be served: {Reason}")]
        public static partial void Failed(ILogger logger, string folder, string reason, Exception? exception);
    }
}
