using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model.Backends;

/// <summary>Steps of a device whose results another one reads: it does its share of all that is computed, and draws nothing.</summary>
/// <param name="model">Whose steps.</param>
/// <param name="backend">Where it runs.</param>
internal sealed class FollowingStep(LlamaModel model, IBackend backend) : IStep
{
    private readonly PromptReader _reader = new(model.Head!, new NoScorer(), new HostRows(backend.Memory));

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        backend.Bring(batch);
        model.Forward(batch);
        _reader.Score(batch, scored);
        backend.Synchronize();
    }

    public void Dispose() => _reader.Dispose();

    private sealed class NoScorer : ITokenScorer
    {
        public void Score(List<ScoreRow> rows, int first, Matrix logits, Span<ScoredToken> scored) { }

        public void Dispose() { }
    }
}
