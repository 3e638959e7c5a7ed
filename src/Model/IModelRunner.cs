using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>
/// A model and its KV cache, stepped by one owner: created, run and disposed on the same thread. The scheduler's view of the whole room; tests put fakes behind it.
/// </summary>
public interface IModelRunner : IDisposable
{
    /// <summary>What the model can hold.</summary>
    ModelLimits Limits { get; }

    /// <summary>Whether the step after the last one is under way already (see <see cref="ForwardBatch.MayRunAhead"/>). As long as sequences run that it is for, the next step should be theirs alone.</summary>
    bool IsAhead => false;

    /// <summary>Time that the calling thread has spent waiting for a device so far; none where it computes itself.</summary>
    TimeSpan Waited => TimeSpan.Zero;

    /// <summary>
    /// Begins a step, of which <see cref="ModelLimits.StepsUnderWay"/> may be begun and not finished; until it is finished the batch is the runner's. Steps take effect on the cache in the order in
    /// which they were begun. A runner of one step at a time leaves everything to <see cref="Finish"/>.
    /// </summary>
    /// <exception cref="RunnerLostException">As for <see cref="Run"/>. A step for which anything else is thrown is not begun, and must not be finished.</exception>
    void Begin(ForwardBatch batch) { }

    /// <summary>Finishes the oldest step that was begun and hands out what came of it, as <see cref="Run"/> does.</summary>
    /// <param name="batch">That with which it was begun.</param>
    /// <param name="sampled">As for <see cref="Run"/>.</param>
    /// <param name="scored">As for <see cref="Run"/>.</param>
    void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => Run(batch, sampled, scored);

    /// <summary>Runs one step while none is under way: draws one token per row of <see cref="ForwardBatch.Samples"/> and reads what else is wanted of the prompts.</summary>
    /// <param name="batch">The step. Left unchanged, but for the sums of <see cref="ForwardBatch.Pools"/> and the guides in <see cref="ForwardBatch.Samples"/>: what these allowed when the step began may stand there.</param>
    /// <param name="sampled">[samples] receives the drawn tokens in the order of the sample rows.</param>
    /// <param name="scored">[scores] receives the tokens of <see cref="ForwardBatch.Scores"/> with their log-probabilities and ranks.</param>
    /// <exception cref="RunnerLostException">This and every further step fails. Anything else that is thrown concerns this step alone.</exception>
    void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored);
}
