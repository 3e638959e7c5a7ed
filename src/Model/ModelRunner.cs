using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Sampling;
using Llama.Model.Threads;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The model on its device: weights, KV cache, kernels and sampler, stepped by the engine's thread.</summary>
public sealed class ModelRunner : IModelRunner
{
    private readonly LlamaModel _model;
    private readonly IBackend _backend;
    private readonly IStep _step;
    private readonly RunnerThread _thread;

    private ModelRunner(ModelOptions options, RunnerThread thread, WeightFormat format, IBackend backend, BackendChoice choice)
    {
        (_thread, _backend) = (thread, backend);
        ScalarType kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
        IWeightSource source = WeightSource.Open(options.Path, format, _backend.Memory);
        LlamaConfig config = source.Config;
        int contextLength = ContextLengthOf(options, config), batchTokens = options.MaxBatchTokens ?? _backend.BatchTokens;
        StepSize size = new(batchTokens, options.MaxSequences, contextLength, options.BlockSize);
        IKernels kernels = _backend.CreateKernels(config, size, kvDtype);
        LlamaWeights weights = new(source);
        kernels.Calibrate(weights);
        KvPoolSize pool = null!; // set when the model comes to its cache
        _model = new LlamaModel(weights, kernels, _backend.Memory, size, _backend.ActivationDtype, () =>
        {
            pool = KvPoolSize.Derive(options, contextLength, KvCache.BytesPerBlock(config, options.BlockSize, kvDtype), _backend.Memory.FreeBytes(), choice.CacheShare);
            return new KvCache(config, pool.BlockCount, options.BlockSize, kvDtype, _backend.Memory);
        });
        Limits = new ModelLimits(config.VocabSize, contextLength, options.BlockSize, pool.BlockCount)
        {
            HiddenSize = config.HiddenSize,
            BatchTokens = batchTokens,
            RunsAhead = _backend.RunsAhead,
        };
        _step = _backend.CreateStep(_model, config, size);
        Description = Describe(options, config, choice.Device, kernels.Describe(weights), format.Describe(config.Quantization, source.Codes), backend.ActivationDtype, kvDtype, pool) with
        {
            WeightBytes = weights.ByteCount,
            StepBytes = weights.StepByteCount,
            ThreadCount = choice.Device.IsCuda ? 0 : thread.Team.ThreadCount,
            Warnings = [.. choice.Warnings, .. TorchLibrary.Warnings],
        };
    }

    /// <summary>Loads a checkpoint. Call on the thread that will run it.</summary>
    /// <exception cref="TorchLoadException">What was asked for needs libtorch, which cannot be loaded.</exception>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="ArgumentException">A setting does not fit the machine or the model.</exception>
    /// <exception cref="InsufficientMemoryException">No KV cache of useful size fits.</exception>
    public static ModelRunner Load(ModelOptions options)
    {
        TorchLibrary.Choose(options.LibTorch);
        return Load(options, BackendChoice.Of(options));
    }

    /// <summary>The same on a certain backend.</summary>
    internal static ModelRunner Load(ModelOptions options, BackendChoice choice)
    {
        WeightFormat format = WeightFormat.Of(options);
        RunnerThread thread = new(options.Threads ?? Environment.ProcessorCount);
        IBackend? backend = null;
        try
        {
            backend = choice.Create(format.Dtype, options.Deterministic);
            return new ModelRunner(options, thread, format, backend, choice);
        }
        catch
        {
            backend?.Dispose();
            thread.Dispose();
            throw;
        }
    }

    /// <summary>What was loaded and how its sizes were derived, for the start-up lines.</summary>
    public ModelDescription Description { get; }

    /// <inheritdoc />
    public ModelLimits Limits { get; }

    /// <inheritdoc />
    public bool IsAhead => _step.IsAhead;

    /// <inheritdoc />
    public TimeSpan Waited => _step.Waited;

    /// <inheritdoc />
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => _step.Run(batch, sampled, scored);

    /// <inheritdoc />
    public void Dispose()
    {
        _step.Dispose();
        _model.Dispose();
        _backend.Dispose();
        _thread.Dispose();
    }

    /// <exception cref="ArgumentException">Outside what the model takes.</exception>
    internal static int ContextLengthOf(ModelOptions options, LlamaConfig config) => options.ContextLength switch
    {
        null => config.ContextLength,
        int asked when asked >= 1 && asked <= config.ContextLength => asked,
        int asked => throw new ArgumentException($"Model:ContextLength is {asked}; this model takes 1 to {config.ContextLength}."),
    };

    private static ModelDescription Describe(ModelOptions options, LlamaConfig config, DeviceChoice device, string kernels, string weights, ScalarType activations, ScalarType kvDtype, KvPoolSize pool)
    {
        long kvBytes = pool.BlockCount * KvCache.BytesPerBlock(config, options.BlockSize, kvDtype);
        string threads = device.IsCuda ? "" : ParallelFor.Team.ThreadCount == 1 ? ", 1 thread" : $", {ParallelFor.Team.ThreadCount} threads";
        return new ModelDescription(
            ModelDescription.Shape(config),
            $"{device.Name} ({device.Reason}){threads}, {kernels}{(options.Deterministic ? ", deterministic" : "")}, {TorchLibrary.Description}",
            $"{weights}, {kvDtype.ToString().ToLowerInvariant()} KV cache ({(options.KvDtype == "auto" ? "auto" : "as set")}), {activations.ToString().ToLowerInvariant()} activations",
            string.Create(CultureInfo.InvariantCulture, $"{pool.BlockCount:N0} blocks × {options.BlockSize} tokens = {(long)pool.BlockCount * options.BlockSize:N0} tokens, {kvBytes >> 20:N0} MiB ({pool.Reason})"));
    }
}
