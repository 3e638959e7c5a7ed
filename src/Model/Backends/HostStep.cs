using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model.Backends;

/// <summary>Steps whose tokens are drawn by the processor, wherever the model runs.</summary>
internal sealed unsafe class HostStep(LlamaModel model, int vocabSize, HostRows onHost) : IStep
{
    private readonly StepSampler _sampler = new(vocabSize);
    private readonly PromptReader _reader = new(model.Head!, new TokenScorer(vocabSize, model.Head!.MaxRows, onHost), onHost);

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        _sampler.Sample(batch, onHost.Of(model.Forward(batch)), sampled);
        _reader.Score(batch, scored);
        _reader.Pool(batch);
    }

    public void Dispose() => _reader.Dispose();
}
