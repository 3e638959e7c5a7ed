using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>All that depends on the kind of device that a model runs on. Belongs to the engine's thread; what it makes must be disposed before it.</summary>
internal interface IBackend : IDisposable
{
    /// <summary>Where weights, cache and intermediate results lie.</summary>
    DeviceMemory Memory { get; }

    /// <summary>Type of the intermediate results but the residual.</summary>
    ScalarType ActivationDtype { get; }

    /// <summary>Share of the free memory that the cache takes when no setting says so.</summary>
    double CacheShare { get; }

    /// <summary>Tokens of a step when no setting says so.</summary>
    int BatchTokens { get; }

    /// <summary>As <see cref="ModelLimits.RunsAhead"/>.</summary>
    bool RunsAhead { get; }

    /// <summary>The kernels for a model; once for each backend.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="kvDtype">Type of the cache.</param>
    /// <exception cref="ArgumentException">They do not take this shape.</exception>
    IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype);

    /// <summary>Runs the steps of a model with these kernels.</summary>
    IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size);
}
