using Llama.Model.Sampling;

namespace Llama.Model.Backends;

/// <summary>How the steps of a model are run on one kind of device: as <see cref="IModelRunner"/> says.</summary>
internal interface IStep : IDisposable
{
    /// <summary>As <see cref="IModelRunner.IsAhead"/>.</summary>
    bool IsAhead => false;

    /// <summary>As <see cref="IModelRunner.Waited"/>.</summary>
    TimeSpan Waited => TimeSpan.Zero;

    /// <summary>
    /// Does what steps of this shape need once. That may run the step, with whatever lies in the <see cref="LlamaModel.Stream"/>: a part that is given its stream calls it before that.
    /// </summary>
    void Prepare(ForwardBatch batch) { }

    /// <summary>As <see cref="IModelRunner.Run"/>.</summary>
    void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored);
}
