using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>All that depends on the kind of device that a model runs on. Belongs to the engine's thread; what it makes must be disposed before it.</summary>
internal interface IBackend : IDisposable
{
    /// <summary>Where weights, cache and intermediate results lie.</summary>
    DeviceMemory Memory { get; }

    /// <summary>Type of the intermediate results but the residual.</summary>
    ScalarType ActivationDtype { get; }

    /// <summary>Tokens of a step when no setting says so.</summary>
    int BatchTokens { get; }

    /// <summary>As <see cref="ModelLimits.RunsAhead"/>.</summary>
    bool RunsAhead { get; }

    /// <summary>Whether its kernels multiply with weights that <see cref="PackedWeights"/> hands out.</summary>
    bool TakesPackedWeights => false;

    /// <summary>The kernels for a model; once for each backend.</summary>
    /// <param name="config">The model's shape, with the whole vocabulary.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="kvDtype">Type of the cache.</param>
    /// <exception cref="ArgumentException">They do not take this shape.</exception>
    IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype);

    /// <summary>Bytes of <see cref="Memory"/> that are taken now, and that will be taken beside weights, cache and intermediate results: a limit holds for all of it.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="isAhead">Whether a model is only planned, in a process that will not serve it.</param>
    long BaseBytes(LlamaConfig config, StepSize size, bool isAhead);

    /// <summary>Begins to stream weights.</summary>
    /// <param name="source">Of the weights; must live longer.</param>
    /// <param name="units">All units of the model.</param>
    /// <param name="plan">Which of them stream.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="tableRows">Most rows of the embedding that are kept where its rows are fetched.</param>
    /// <exception cref="ArgumentException">They cannot stream; with the remedy.</exception>
    WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows);

    /// <summary>Waits for what was begun to load, so that what does not is known now. For who calls kernels without <see cref="CreateStep"/>.</summary>
    void FinishLoading() { }

    /// <summary>Brings the arrays of a step to where its kernels read them. For who calls kernels without <see cref="CreateStep"/>.</summary>
    void Bring(ForwardBatch batch) { }

    /// <summary>Waits for all that was enqueued, so that what went wrong is known now. For who calls kernels without <see cref="CreateStep"/>.</summary>
    void Synchronize() { }

    /// <summary>Runs the steps of a model, or of its last part, with these kernels.</summary>
    /// <param name="model">Which.</param>
    /// <param name="config">Its shape, with the whole vocabulary.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="isAlone">Whether no other device has a share in its steps; else they have exactly the rows that are asked for, one after the other.</param>
    IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone);
}
