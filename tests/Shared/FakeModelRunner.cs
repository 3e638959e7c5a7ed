using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Tests.Shared;

/// <summary>
/// A model runner without a model: its KV cache holds the tokens themselves, by slot, and it reads each context back through the block table as attention would.
/// </summary>
public sealed class FakeModelRunner(ModelLimits limits, FakeModel model) : IModelRunner
{
    private readonly (int Token, int Position)[] _cache = new (int, int)[limits.BlockCount * limits.BlockSize]; // [slots]
    private readonly FakeModel _model = model.VocabSize <= limits.VocabSize ? model : throw new ArgumentException("The model draws tokens that the limits do not have.");
    private readonly int _thread = Environment.CurrentManagedThreadId;

    /// <summary>Called at the start of each step with its number, from 1: throw to fail the step, block to hold it, advance a clock to give it a duration.</summary>
    public Action<long>? OnStep { get; init; }

    /// <summary>Steps begun.</summary>
    public long StepCount { get; private set; }

    /// <summary>Whether the runner was disposed.</summary>
    public bool IsDisposed { get; private set; }

    /// <inheritdoc />
    public ModelLimits Limits => limits;

    /// <inheritdoc />
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        CheckThread();
        StepCount++;
        OnStep?.Invoke(StepCount);
        foreach (BlockCopy copy in batch.Copies.AsSpan(0, batch.CopyCount))
            Array.Copy(_cache, copy.Source * limits.BlockSize, _cache, copy.Target * limits.BlockSize, limits.BlockSize);
        for (int row = 0; row < batch.TokenCount; row++) _cache[batch.Slots[row]] = (batch.TokenIds[row], batch.Positions[row]);
        for (int i = 0; i < batch.SampleCount; i++) sampled[i] = DrawOrFault(batch, batch.Samples[i]);
        for (int i = 0; i < batch.Scores.Count; i++)
            scored[i] = FakeModel.Score(DigestCache(batch, batch.Scores[i].TokenRow), batch.Scores[i].TokenId, batch.Scores[i].TopCount);
        foreach (PoolRow pool in batch.Pools)
            for (int i = 0; i < pool.RowCount; i++) FakeModel.AddHidden(DigestCache(batch, pool.FirstRow + i), pool.Sum);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        CheckThread();
        IsDisposed = true;
    }

    private SampledToken DrawOrFault(ForwardBatch batch, SampleRow sample)
    {
        ulong context = sample.HistoryLength > 0 ? DigestHistory(batch, sample) : DigestCache(batch, sample.TokenRow);
        try
        {
            return _model.Draw(context, sample.GeneratedCount, sample.Params, sample.Guide);
        }
        catch (Exception fault)
        {
            return new SampledToken(0, 0, null, fault);
        }
    }

    /// <summary>All tokens of a row's sequence up to the row.</summary>
    private ulong DigestCache(ForwardBatch batch, int tokenRow)
    {
        int sequence = batch.TokenStarts.AsSpan(0, batch.SequenceCount).BinarySearch(tokenRow);
        if (sequence < 0) sequence = ~sequence - 1;
        ReadOnlySpan<int> blocks = batch.BlockTables.AsSpan(sequence * batch.BlockTableStride);
        ulong context = 0;
        for (int i = 0; i <= batch.Positions[tokenRow]; i++)
        {
            (int token, int position) = _cache[(blocks[i / limits.BlockSize] * limits.BlockSize) + (i % limits.BlockSize)];
            // What was written for another position is garbage, as it is to attention: whoever reads it draws something else. A sequence whose step failed may, in one that was begun before that was known.
            context = FakeModel.Extend(context, position == i ? token : -1);
        }
        return context;
    }

    private static ulong DigestHistory(ForwardBatch batch, SampleRow sample)
    {
        ulong context = 0;
        foreach (int token in batch.History.AsSpan(sample.HistoryStart, sample.HistoryLength)) context = FakeModel.Extend(context, token);
        return context;
    }

    private void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread) throw new InvalidOperationException("A runner belongs to the thread that created it.");
    }
}
