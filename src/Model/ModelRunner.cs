using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>The model on its device: weights, KV cache, kernels and sampler, stepped by the engine's thread.</summary>
public sealed class ModelRunner : IModelRunner
{
    private ModelRunner() { }

    /// <summary>Loads a checkpoint. Call on the thread that will run it.</summary>
    public static ModelRunner Load(ModelOptions options) => throw new NotImplementedException(options.Path);

    /// <summary>What was loaded and how its sizes were derived, for the start-up lines.</summary>
    public ModelDescription Description => throw new NotImplementedException();

    /// <inheritdoc />
    public ModelLimits Limits => throw new NotImplementedException();

    /// <inheritdoc />
    public void Run(ForwardBatch batch, Span<SampledToken> sampled) => throw new NotImplementedException();

    /// <inheritdoc />
    public void Dispose() => throw new NotImplementedException();
}
