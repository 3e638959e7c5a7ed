using System.Globalization;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Sampling;
using Llama.Model.Threads;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The model on its device: weights, KV cache, kernels and sampler, stepped by the engine's thread.</summary>
public sealed class ModelRunner : IModelRunner
{
    private readonly LlamaModel _model;
    private readonly StepSampler _sampler;
    private readonly PromptReader _reader;
    private readonly RunnerThread _thread;
    private readonly DeviceMemory _memory;
    private readonly HostRows _onHost;

    private ModelRunner(ModelOptions options, RunnerThread thread)
    {
        _thread = thread;
        DeviceChoice device = DeviceChoice.Resolve(options.Device, TorchDevices.CountCuda);
        _memory = device.IsCuda ? new TorchMemory(device.Name) : HostMemory.Instance;
        _onHost = new HostRows(_memory);
        WeightFormat format = WeightFormat.Parse(options.Dtype);
        ScalarType dtype = format.Dtype, kvDtype = KvCache.DtypeOf(options.KvDtype, dtype);
        IWeightSource source = WeightSource.Open(options.Path, format, _memory);
        LlamaConfig config = source.Config;
        int contextLength = ContextLengthOf(options, config);

        IKernels kernels = ChooseKernels(options, device, dtype);
        LlamaWeights weights = new(source);
        kernels.Calibrate(weights);
        KvPoolSize pool = null!; // set when the model comes to its cache
        ModelLimits limits = new(config.VocabSize, contextLength, options.BlockSize, BlockCount: 0) { HiddenSize = config.HiddenSize };
        if (options.MaxBatchTokens is int asked) limits = limits with { BatchTokens = asked };
        StepSize size = new(limits.BatchTokens, options.MaxSequences, contextLength, options.BlockSize);
        _model = new LlamaModel(weights, kernels, _memory, size, ScalarType.Float32, () =>
        {
            pool = KvPoolSize.Derive(options, contextLength, KvCache.BytesPerBlock(config, options.BlockSize, kvDtype), _memory.FreeBytes(), device.IsCuda ? 0.9 : 0.5);
            return new KvCache(config, pool.BlockCount, options.BlockSize, kvDtype, _memory);
        });
        Limits = limits with { BlockCount = pool.BlockCount };
        _sampler = new StepSampler(config.VocabSize);
        _reader = new PromptReader(_model, config.VocabSize, _onHost);
        Description = Describe(options, config, device, kernels.Describe(weights), format.Describe(config.Quantization, source.Codes), kvDtype, pool) with
        {
            WeightBytes = weights.ByteCount,
            StepBytes = weights.StepByteCount,
            ThreadCount = device.IsCuda ? 0 : thread.Team.ThreadCount,
            Warnings = TorchLibrary.Warnings,
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
        RunnerThread thread = new(options.Threads ?? Environment.ProcessorCount);
        try
        {
            return new ModelRunner(options, thread);
        }
        catch
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>What was loaded and how its sizes were derived, for the start-up lines.</summary>
    public ModelDescription Description { get; }

    /// <inheritdoc />
    public ModelLimits Limits { get; }

    /// <inheritdoc />
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        Sample(batch, _model.Forward(batch), sampled);
        _reader.Score(batch, scored);
        _reader.Pool(batch);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _model.Dispose();
        _memory.Dispose();
        _thread.Dispose();
    }

    private unsafe void Sample(ForwardBatch batch, Matrix logits, Span<SampledToken> sampled) => _sampler.Sample(batch, _onHost.Of(logits), sampled);

    private static int ContextLengthOf(ModelOptions options, LlamaConfig config) => options.ContextLength switch
    {
        null => config.ContextLength,
        int asked when asked >= 1 && asked <= config.ContextLength => asked,
        int asked => throw new ArgumentException($"Model:ContextLength is {asked}; this model takes 1 to {config.ContextLength}."),
    };

    private static IKernels ChooseKernels(ModelOptions options, DeviceChoice device, ScalarType dtype)
    {
        if (options.Kernels is not ("fused" or "plain")) throw new ArgumentException($"Model:Kernels is '{options.Kernels}'; use fused or plain.");
        bool fused = options.Kernels == "fused" && !device.IsCuda;
        if (options.Deterministic && !fused)
            throw new ArgumentException("Model:Deterministic needs fused kernels on a CPU; remove it, or set Model:Kernels=fused and Model:Device=cpu.");
        return fused ? SimdKernels.Create(dtype, options.Deterministic) : new PlainKernels(device.Name);
    }

    private static ModelDescription Describe(ModelOptions options, LlamaConfig config, DeviceChoice device, string kernels, string weights, ScalarType kvDtype, KvPoolSize pool)
    {
        long kvBytes = pool.BlockCount * KvCache.BytesPerBlock(config, options.BlockSize, kvDtype);
        string threads = device.IsCuda ? "" : ParallelFor.Team.ThreadCount == 1 ? ", 1 thread" : $", {ParallelFor.Team.ThreadCount} threads";
        return new ModelDescription(
            string.Create(CultureInfo.InvariantCulture, $"{config.LayerCount} layers × {config.HiddenSize:N0}, {config.HeadCount} heads over {config.KvHeadCount} KV heads, vocabulary {config.VocabSize:N0}, {config.ParameterCount / 1e6:N1} M parameters"),
            $"{device.Name} ({device.Reason}){threads}, {kernels}{(options.Deterministic ? ", deterministic" : "")}, {TorchLibrary.Description}",
            $"{weights}, {kvDtype.ToString().ToLowerInvariant()} KV cache ({(options.KvDtype == "auto" ? "auto" : "as set")}), float32 activations",
            string.Create(CultureInfo.InvariantCulture, $"{pool.BlockCount:N0} blocks × {options.BlockSize} tokens = {(long)pool.BlockCount * options.BlockSize:N0} tokens, {kvBytes >> 20:N0} MiB ({pool.Reason})"));
    }
}
