using System.Runtime.ExceptionServices;
using Llama.Model.Backends;
using Llama.Model.Cuda;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>One part of a model with its device and that device's thread: it takes each step from the part before it, runs its layers and hands the step on.</summary>
internal sealed class PartRunner : IDisposable
{
    private readonly PipelineStep[] _steps; // by number, modulo their count
    private readonly PartRunner? _before;
    private readonly ShardGroup? _group;
    private readonly int _shard;
    private readonly DeviceThread _thread;
    private readonly Matrix[] _streams; // [steps] what is handed on: [tokens, hidden] float32
    private Action _handOn = static () => { }; // of a group of devices that share a part only the first has somebody to tell

    /// <summary>Starts the thread and takes the device into use there.</summary>
    /// <param name="options">As for loading.</param>
    /// <param name="choice">The device.</param>
    /// <param name="threadCount">That compute for it.</param>
    /// <param name="before">The part before; null for the first.</param>
    /// <param name="steps">As many as may be under way.</param>
    /// <param name="group">The devices that the part is shared with; null for none.</param>
    /// <param name="shard">Which of them this is.</param>
    public PartRunner(ModelOptions options, BackendChoice choice, int threadCount, PartRunner? before, PipelineStep[] steps, ShardGroup? group, int shard)
    {
        (Choice, ThreadCount, _before, _steps, _group, _shard, _streams) = (choice, threadCount, before, steps, group, shard, new Matrix[steps.Length]);
        if (before is not null) before._handOn += Post;
        _thread = new DeviceThread(choice.Device.Name, threadCount, isCaller: before is null && shard == 0, Run);
        Begin(() => Device = new ModelDevice(options, choice));
    }

    public BackendChoice Choice { get; }

    /// <summary>Threads that compute for it; its own among them.</summary>
    public int ThreadCount { get; }

    /// <summary>For its own thread alone, but for what does not change. Null before it was taken into use.</summary>
    public ModelDevice? Device { get; private set; }

    /// <summary>For its own thread alone, but for what does not change. Null before it was loaded.</summary>
    public DeviceModel? Model { get; private set; }

    /// <summary>Begins something on its thread, once what was begun before is done, while no step is under way.</summary>
    public void Begin(Action task) => _thread.Begin(task);

    /// <summary>Waits for what was begun; returns what that threw.</summary>
    public ExceptionDispatchInfo? Settle() => _thread.Settle();

    /// <summary>Lets it run the next step.</summary>
    public void Post() => _thread.Post();

    /// <summary>What to do when it has run a step; of all parts but the last that is the next part's affair.</summary>
    public void HandOnBy(Action handOn) => _handOn = handOn;

    /// <summary>Loads all but the cache; on its thread.</summary>
    public void Load(int batchTokens, ModelPart part) => Model = new DeviceModel(Device!, batchTokens, part, _group);

    /// <summary>Allocates the cache, and what is handed on; on its thread.</summary>
    public void UseCache(int blockCount, int batchTokens)
    {
        DeviceModel model = Model!;
        model.UseCache(blockCount);
        if (model.Weights.Head is not null || _shard > 0) return; // the residual stream is the same on all devices that share a part
        for (int i = 0; i < _streams.Length; i++) _streams[i] = HostMemory.Instance.Empty(batchTokens, model.Config.HiddenSize, ScalarType.Float32);
    }

    /// <summary>Gives everything back. No step may be under way.</summary>
    public void Dispose()
    {
        _thread.Begin(() =>
        {
            Model?.Dispose();
            Device?.Dispose();
        });
        _thread.Dispose();
        foreach (Matrix? stream in _streams) stream?.Dispose();
    }

    private void Run(long number)
    {
        int place = (int)(number % _steps.Length);
        PipelineStep step = _steps[place];
        try
        {
            if (!step.HasFailed) Run(step, place);
        }
        catch (Exception failure) // told by who finishes the step
        {
            if (failure is not PeerFailedException) step.Fail(Named(failure));
            _group?.Fail(_shard, number, failure);
        }
        _group?.EndStep(_shard, number);
        _handOn();
    }

    private Exception Named(Exception failure)
    {
        string name = Choice.Device.Name;
        if (failure is RunnerLostException lost) return new RunnerLostException($"{name}: {lost.Message}", lost);
        if (failure is CudaException fault && (fault.IsContextLost || !IsThere())) return new RunnerLostException($"{name}: The GPU is lost to this process: {failure.Message}", failure);
        return _group is { SurvivesFailure: false } ? new RunnerLostException($"{name} failed, and with it the connection of the devices that share its layers: {failure.Message}", failure) : failure;
    }

    // Where devices share a part, one may wait for another's sums.
    private bool IsThere()
    {
        if (_group is not null) return true;
        try
        {
            Device!.Backend.Synchronize();
            return true;
        }
        catch (CudaException)
        {
            return false;
        }
    }

    private void Run(PipelineStep step, int place)
    {
        ForwardBatch batch = step.Batch;
        StepRunner steps = Model!.Steps;
        if (_before is not null) steps.Take(batch, _before._streams[place].Take(batch.TokenCount));
        if (Model.Weights.Head is null) steps.Run(batch, _streams[place]?.Take(batch.TokenCount));
        else steps.Run(batch, step.Sampled.AsSpan(0, batch.SampleCount), step.Scored.AsSpan(0, batch.Scores.Count));
    }
}
