using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Sampling;
using Llama.Model.Torch;

namespace Llama.Model;

/// <summary>A loaded model on its device or devices, stepped by the engine's thread.</summary>
public abstract class ModelRunner : IModelRunner
{
    private protected static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.5); // to learn what rate to expect of what streams

    private protected ModelRunner() { }

    /// <summary>Loads a checkpoint. Call on the thread that will run it.</summary>
    /// <exception cref="TorchLoadException">What was asked for needs libtorch, which cannot be loaded.</exception>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="ArgumentException">A setting does not fit the machine or the model.</exception>
    /// <exception cref="InsufficientMemoryException">No KV cache of useful size fits.</exception>
    public static ModelRunner Load(ModelOptions options)
    {
        TorchFolder.Choose(options.LibTorch);
        return Load(options, BackendChoice.AllOf(options));
    }

    /// <summary>The same on certain backends.</summary>
    internal static ModelRunner Load(ModelOptions options, params IReadOnlyList<BackendChoice> choices) =>
        choices.Count == 1 && options.TensorParallel == 1 ? new DeviceRunner(options, choices[0]) : new PipelineRunner(options, choices);

    /// <summary>What was loaded and how its sizes were derived, for the start-up lines.</summary>
    public abstract ModelDescription Description { get; }

    /// <inheritdoc />
    public abstract ModelLimits Limits { get; }

    /// <inheritdoc />
    public virtual bool IsAhead => false;

    /// <inheritdoc />
    public virtual TimeSpan Waited => TimeSpan.Zero;

    /// <inheritdoc />
    public virtual void Begin(ForwardBatch batch) { }

    /// <inheritdoc />
    public virtual void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => Run(batch, sampled, scored);

    /// <summary>Reads for once what steps read of weights that stream, with nothing else to do; on the thread that runs it, while no step is under way.</summary>
    /// <returns>Null if nothing streams now.</returns>
    public StreamRate? MeasureStream() => MeasureStreamFor(TimeSpan.MaxValue);

    /// <inheritdoc />
    public abstract void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored);

    /// <inheritdoc />
    public abstract void Dispose();

    /// <summary>The same, for a moment where it would take longer.</summary>
    private protected abstract StreamRate? MeasureStreamFor(TimeSpan most);

    /// <summary>Most tokens of a sequence, prompt and answer together: what the options ask for, else what the model says.</summary>
    /// <exception cref="ArgumentException">Outside what the model takes.</exception>
    public static int ContextLengthOf(ModelOptions options, LlamaConfig config) => options.ContextLength switch
    {
        _ when config.ContextLength < ModelOptions.LeastContext => throw new ArgumentException(
            $"The model says that its context is {config.ContextLength} token long (max_position_embeddings in config.json, llama.context_length in GGUF), and {ModelOptions.LeastContext} is the least that is served: a prompt's and an answer's. Correct it there."),
        null when config.ContextLength <= ModelOptions.MostContext => config.ContextLength,
        null => throw new ArgumentException($"The model says that its context is {config.ContextLength} tokens long, and {ModelOptions.MostContext} is the most that is served; set Model:ContextLength."),
        int asked when asked >= ModelOptions.LeastContext && asked <= config.ContextLength => asked,
        int asked => throw new ArgumentException($"Model:ContextLength is {asked}; this model takes {ModelOptions.LeastContext} to {config.ContextLength}."),
    };

    private protected static ModelLimits LimitsOf(ModelOptions options, LlamaConfig config, int batchTokens, int blockCount) =>
        new(config.VocabSize, ContextLengthOf(options, config), options.BlockSize, blockCount) { HiddenSize = config.HiddenSize, BatchTokens = batchTokens };
}
