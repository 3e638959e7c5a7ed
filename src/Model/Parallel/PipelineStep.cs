using System.Runtime.ExceptionServices;
using Llama.Model.Sampling;

namespace Llama.Model.Parallel;

/// <summary>
/// A step on its way through the parts. It belongs to one thread at a time: the engine's before it is begun and once it is finished, between that the thread of the device that it has come to.
/// </summary>
internal sealed class PipelineStep
{
    private readonly List<GuideImage> _guides = [];
    private Exception? _failure;

    /// <summary>For steps of up to so many sequences.</summary>
    public PipelineStep(int maxSequences) => Sampled = new SampledToken[maxSequences];

    public ForwardBatch Batch { get; private set; } = null!;

    /// <summary>[samples] as <see cref="IModelRunner.Run"/> hands them out.</summary>
    public SampledToken[] Sampled { get; }

    /// <summary>[scores]</summary>
    public ScoredToken[] Scored { get; private set; } = [];

    /// <summary>Whether some part has failed; the next ones then leave it alone.</summary>
    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Takes on a step. Its guides are asked here, on the engine's thread: those of one grammar share what they find out, and other steps may be at work.</summary>
    public void Begin(ForwardBatch batch)
    {
        (Batch, _failure) = (batch, null);
        if (Scored.Length < batch.Scores.Count) Scored = new ScoredToken[Math.Max(batch.Scores.Count, batch.TokenIds.Length)];
        int guided = 0;
        for (int i = 0; i < batch.SampleCount; i++)
        {
            if (batch.Samples[i].Guide is not { } guide) continue;
            if (guided == _guides.Count) _guides.Add(new GuideImage());
            _guides[guided].Take(guide);
            batch.Samples[i] = batch.Samples[i] with { Guide = _guides[guided++] };
        }
    }

    /// <summary>Notes what a part threw; the first counts.</summary>
    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>Hands out what came of it.</summary>
    /// <exception cref="Exception">What a part threw.</exception>
    public void Finish(Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        Sampled.AsSpan(0, Batch.SampleCount).CopyTo(sampled);
        Scored.AsSpan(0, Batch.Scores.Count).CopyTo(scored);
    }
}
