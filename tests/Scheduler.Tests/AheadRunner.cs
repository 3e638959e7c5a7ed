using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Scheduling.Tests;

/// <summary>A runner that begins, and because the one behind it computes at once also ends, every next step that it may before it is asked to.</summary>
internal sealed class AheadRunner(IModelRunner inner, int maxSequences) : IModelRunner
{
    private readonly SampledToken[] _drawn = new SampledToken[maxSequences]; // of the last step as it was run
    private readonly SampledToken[] _drawnAhead = new SampledToken[maxSequences];
    private readonly int[] _tokens = new int[maxSequences];
    private Lookahead _begun = new(maxSequences, inner.Limits.BlocksPerSequence), _other = new(maxSequences, inner.Limits.BlocksPerSequence);

    public ModelLimits Limits { get; } = inner.Limits with { RunsAhead = true };

    public bool IsAhead { get; private set; }

    /// <summary>Steps that were there when they were asked for, and that were begun for nothing.</summary>
    public (int Hits, int Misses) Counts { get; private set; }

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        bool isHit = IsAhead && _begun.TryMatch(batch, _tokens);
        if (IsAhead) Counts = isHit ? (Counts.Hits + 1, Counts.Misses) : (Counts.Hits, Counts.Misses + 1);
        IsAhead = false;
        ReadOnlySpan<int> rows = isHit ? _begun.Rows[..batch.SequenceCount] : [];
        if (isHit)
        {
            _drawnAhead.CopyTo(_drawn.AsSpan());
            for (int i = 0; i < rows.Length; i++) sampled[i] = _drawn[rows[i]];
        }
        else
        {
            inner.Run(batch, sampled, scored);
            sampled.CopyTo(_drawn);
        }
        for (int i = 0; i < _drawn.Length; i++) _tokens[i] = _drawn[i].TokenId;
        if (batch.MayRunAhead && _other.TryFollow(batch, rows)) BeginNext();
    }

    public void Dispose() => inner.Dispose();

    private void BeginNext()
    {
        ForwardBatch next = _other.Batch;
        for (int i = 0; i < next.SequenceCount; i++) next.TokenIds[i] = _tokens[_other.Sources[i]];
        inner.Run(next, _drawnAhead.AsSpan(0, next.SampleCount), []);
        (_begun, _other) = (_other, _begun);
        IsAhead = true;
    }
}
