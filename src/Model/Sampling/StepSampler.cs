using Llama.Model.Threads;

namespace Llama.Model.Sampling;

/// <summary>
/// Draws the tokens of a step, rows on all threads. Guides are asked on the calling thread before that, because those of one grammar share what they find out.
/// </summary>
internal sealed unsafe class StepSampler
{
    private const int LogitsPerThread = 16 << 10; // worth waking a thread for: some 10 µs of the cheapest draw

    private readonly int _vocabSize;
    private readonly PerThread<Sampler> _samplers;
    private readonly List<TokenMask> _masks = []; // of the guided rows, in their order
    private readonly Action<long, long> _drawRows;
    private ForwardBatch _batch = null!;
    private float* _logits;
    private int[] _maskOfRow = []; // [samples] index into the masks, or −1
    private SampledToken[] _sampled = []; // [samples]

    public StepSampler(int vocabSize)
    {
        _vocabSize = vocabSize;
        _samplers = new PerThread<Sampler>(() => new Sampler(vocabSize));
        _drawRows = DrawRows;
    }

    /// <summary>Draws one token per sample row; a row that cannot be drawn from gets its <see cref="SampledToken.Fault"/>.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="logits">[samples, vocab] in the order of the sample rows. Overwritten.</param>
    /// <param name="sampled">[samples] receives the tokens.</param>
    public void Sample(ForwardBatch batch, float* logits, Span<SampledToken> sampled)
    {
        _batch = batch;
        _logits = logits;
        if (_sampled.Length < batch.SampleCount) (_sampled, _maskOfRow) = (new SampledToken[batch.Samples.Length], new int[batch.Samples.Length]);
        AskGuides();
        ParallelFor.Run(batch.SampleCount, Math.Max(1, LogitsPerThread / _vocabSize), _drawRows);
        _sampled.AsSpan(0, batch.SampleCount).CopyTo(sampled);
    }

    private void AskGuides()
    {
        int guided = 0;
        for (int i = 0; i < _batch.SampleCount; i++)
        {
            ref readonly SampleRow row = ref _batch.Samples[i];
            _sampled[i] = default;
            _maskOfRow[i] = -1;
            if (row.Guide is null) continue;
            if (guided == _masks.Count) _masks.Add(new TokenMask(_vocabSize));
            try
            {
                _masks[guided].Take(row.Guide, row.Params.StopTokenIds);
                _maskOfRow[i] = guided++;
            }
            catch (Exception fault) // whatever a guide throws concerns this row's sequence alone
            {
                _sampled[i] = new SampledToken(0, 0, null, fault);
            }
        }
    }

    private void DrawRows(long begin, long end)
    {
        Sampler sampler = _samplers.Mine;
        for (int i = (int)begin; i < end; i++)
            if (_sampled[i].Fault is null) _sampled[i] = DrawOrFault(sampler, i);
    }

    private SampledToken DrawOrFault(Sampler sampler, int i)
    {
        ref readonly SampleRow row = ref _batch.Samples[i];
        try
        {
            Span<float> logits = new(_logits + (long)i * _vocabSize, _vocabSize);
            return sampler.Sample(logits, row, _batch.History.AsSpan(row.HistoryStart, row.HistoryLength), _maskOfRow[i] < 0 ? null : _masks[_maskOfRow[i]]);
        }
        catch (Exception fault) // logits that are no numbers, everything banned: this row's trouble alone
        {
            return new SampledToken(0, 0, null, fault);
        }
    }
}
